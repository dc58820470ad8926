package queue

import (
	"context"
	_ "embed"
	"fmt"
	"time"

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
