package queue

import (
	"context"
	_ "embed"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/redis/go-redis/v9"

	"switchyard/internal/queue/format"
)

//go:embed size.lua
var sizeLua string

var sizeScript = redis.NewScript(sizeLua)

const (
	// dueSoon is within which time a delayed task counts as load: a worker that is started for
	// it is there when it is due.
	dueSoon = 15 * time.Second
	// usersLookedAt bounds what one count costs: more users who wait for turns are estimated.
	usersLookedAt = 500
)

// Size counts the tasks of one queue by their states. Held is an estimate where more than 500
// users have held tasks.
type Size struct {
	Queue     string `json:"queue"`
	Waiting   int    `json:"waiting"`
	Running   int    `json:"running"`
	Scheduled int    `json:"scheduled"`
	Held      int    `json:"held"`
	Retrying  int    `json:"retrying"` // or parked
	Failed    int    `json:"failed"`   // cancelled or expired: in the dead letter
	Succeeded int    `json:"-"`        // and still kept
	// Due are the delayed tasks that are due now or within 15 seconds, and Turns the held ones
	// whose user has a turn free.
	Due   int `json:"-"`
	Turns int `json:"-"`
	// Oldest is how long the oldest task that could run has waited: the next of those that
	// wait, or a delayed one since it was due. The queue may be paused.
	Oldest time.Duration `json:"-"`
	Paused bool          `json:"paused"`
	// Processed counts the attempts that have ended, since the beginning, and Failures those
	// of them that failed.
	Processed int `json:"-"`
	Failures  int `json:"-"`
	// Wrong is a key that holds something else than it should, "" if all are sound. What it
	// should hold is counted as nothing.
	Wrong string `json:"-"`
}

// Load is how many tasks keep workers busy now or could within 15 seconds. In a queue that is
// paused none begins.
func (s Size) Load() int {
	if s.Paused {
		return s.Running
	}
	return s.Running + s.Waiting + s.Due + s.Turns
}

// Sizes returns the sizes of every queue that has ever had a task, in no order.
func (c *Client) Sizes(ctx context.Context) ([]Size, error) {
	names, err := c.Names(ctx)
	if err != nil {
		return nil, err
	}
	sizes := make([]Size, len(names))
	for i, name := range names {
		if sizes[i], err = c.Size(ctx, name); err != nil {
			return nil, err
		}
	}
	return sizes, nil
}

// Names returns every queue that has ever had a task, in no order. Other programs add to them.
func (c *Client) Names(ctx context.Context) ([]string, error) {
	names, err := c.redis.SMembers(ctx, format.Queues).Result()
	if err != nil {
		return nil, fmt.Errorf("list the queues: %w", err)
	}
	return names, nil
}

// Known returns [ErrNoQueue] unless a queue is among those of the configuration, or has ever had a task.
func (c *Client) Known(ctx context.Context, queue string) error {
	unknown := c.checkQueue(queue)
	if unknown == nil {
		return nil
	}
	known, err := c.redis.SIsMember(ctx, format.Queues, queue).Result()
	if err != nil {
		return fmt.Errorf("look for queue %s: %w", queue, err)
	}
	if known {
		return nil
	}
	return unknown
}

// Size returns the size of one queue. It takes one script, whatever the queue holds.
func (c *Client) Size(ctx context.Context, queue string) (Size, error) {
	ask, err := json.Marshal(map[string]int{"soon": int(dueSoon.Seconds()), "users": usersLookedAt, "per_user": c.perUser[queue]})
	if err != nil {
		return Size{}, fmt.Errorf("size of queue %s: %w", queue, err)
	}
	keys := []string{format.Key(queue, ""), format.OwnKey(queue, "")}
	reply, err := sizeScript.Run(ctx, c.redis, keys, ask).Slice()
	if err == nil && len(reply) != sizeFields {
		err = errors.New("the script's answer is cut short")
	}
	if err != nil {
		return Size{}, fmt.Errorf("size of queue %s: %w", queue, err)
	}
	n := func(i int) int { v, _ := reply[i].(int64); return int(v) }
	wrong, _ := reply[sizeFields-1].(string)
	return Size{
		Queue: queue, Waiting: n(0), Running: n(1), Scheduled: n(2), Held: n(3), Retrying: n(4), Failed: n(5), Succeeded: n(6),
		Due: n(7), Turns: n(8), Oldest: time.Duration(n(9)) * time.Millisecond, Paused: n(10) == 1,
		Processed: n(11), Failures: n(12), Wrong: wrong,
	}, nil
}

// sizeFields is how many values size.lua returns.
const sizeFields = 14
