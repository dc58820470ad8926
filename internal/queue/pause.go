package queue

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/redis/go-redis/v9"

	"switchyard/internal/queue/format"
)

// PauseQueue has no worker take tasks from a queue until [Client.ResumeQueue]. What runs goes on.
// It reports whether the queue was not paused before.
func (c *Client) PauseQueue(ctx context.Context, queue string) (bool, error) {
	if err := c.checkQueue(queue); err != nil {
		return false, err
	}
	changed, err := c.redis.SetNX(ctx, format.Key(queue, "paused"), time.Now().Unix(), 0).Result()
	if err != nil {
		return false, fmt.Errorf("pause queue %s: %w", queue, err)
	}
	return changed, nil
}

// ResumeQueue has workers take tasks from a queue again. It reports whether the queue was paused.
func (c *Client) ResumeQueue(ctx context.Context, queue string) (bool, error) {
	if err := c.checkQueue(queue); err != nil {
		return false, err
	}
	var paused *redis.IntCmd
	_, err := c.redis.TxPipelined(ctx, func(p redis.Pipeliner) error {
		paused = p.Del(ctx, format.Key(queue, "paused"))
		p.LPush(ctx, format.WakeKey(queue), "")
		p.LTrim(ctx, format.WakeKey(queue), 0, format.MaxTokens-1)
		return nil
	})
	// Without its token the queue is found by a poll.
	if err != nil && paused.Err() != nil {
		return false, fmt.Errorf("resume queue %s: %w", queue, err)
	}
	return paused.Val() > 0, nil
}

// ErrNoQueue says that a queue is not among those of the configuration.
var ErrNoQueue = errors.New("unknown queue")

func (c *Client) checkQueue(queue string) error {
	if !slices.Contains(c.queues, queue) {
		return fmt.Errorf("%w %q: use one of %s", ErrNoQueue, queue, strings.Join(c.queues, ", "))
	}
	return nil
}
