package queue

import (
	"context"
	_ "embed"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/hibiken/asynq"
	"github.com/redis/go-redis/v9"

	"switchyard/internal/queue/format"
	"switchyard/internal/tasks"
)

//go:embed unpark.lua
var unparkLua string

var unparkScript = redis.NewScript(unparkLua)

// noRetryAfter is later than any retry is due: only what is parked waits longer.
const noRetryAfter = 365 * 24 * time.Hour

// Unpark runs a task at once if it is parked, and nothing otherwise: one that waits for its
// retry, or is dead, stays as it is.
func (c *Client) Unpark(ctx context.Context, queue, id string) (tasks.Unparked, error) {
	keys := []string{format.Key(queue, "t:"+id), format.Key(queue, "retry"), format.Key(queue, "pending"), format.WakeKey(queue)}
	said, err := unparkScript.Run(ctx, c.redis, keys, id, format.MaxTokens, int(noRetryAfter.Seconds())).Text()
	if err != nil {
		return tasks.NotParked, fmt.Errorf("run parked task %s in %s: %w", id, queue, err)
	}
	return map[string]tasks.Unparked{"goes on": tasks.GoesOn, "ending": tasks.StillEnding}[said], nil
}

// Gone returns those of some tasks, named queue/id, that are over, in the dead letter, or not
// there any more: somebody has removed them.
func (c *Client) Gone(ctx context.Context, names []string) ([]string, error) {
	if len(names) == 0 {
		return nil, nil
	}
	states := make([]*redis.StringCmd, len(names))
	_, err := c.redis.Pipelined(ctx, func(p redis.Pipeliner) error {
		for i, name := range names {
			queue, id, _ := strings.Cut(name, "/")
			states[i] = p.HGet(ctx, format.Key(queue, "t:"+id), "state")
		}
		return nil
	})
	if err != nil && !errors.Is(err, redis.Nil) {
		return nil, fmt.Errorf("look for %d tasks: %w", len(names), err)
	}
	var gone []string
	for i, name := range names {
		state, err := states[i].Result()
		if err != nil && !errors.Is(err, redis.Nil) {
			return nil, fmt.Errorf("look for task %s: %w", name, err)
		}
		if state == "" || state == asynq.TaskStateArchived.String() || state == asynq.TaskStateCompleted.String() {
			gone = append(gone, name)
		}
	}
	return gone, nil
}
