package queue

import (
	"context"
	"fmt"
	"strconv"
	"time"

	"github.com/redis/go-redis/v9"

	"switchyard/internal/queue/format"
)

// DeadSince returns how many tasks came to the dead letter of each queue at a time or later and are still
// there: those that were cancelled or have expired among them. It takes one round trip. A key of another
// type holds none.
func (c *Client) DeadSince(ctx context.Context, queues []string, since time.Time) ([]int, error) {
	if len(queues) == 0 {
		return nil, nil
	}
	replies := make([]*redis.IntCmd, len(queues))
	_, _ = c.redis.Pipelined(ctx, func(p redis.Pipeliner) error {
		for i, queue := range queues {
			replies[i] = p.ZCount(ctx, format.Key(queue, "archived"), strconv.FormatInt(since.Unix(), 10), "+inf")
		}
		return nil
	})
	counts := make([]int, len(queues))
	for i, reply := range replies {
		if err := reply.Err(); err != nil && !redis.HasErrorPrefix(err, "WRONGTYPE") {
			return nil, fmt.Errorf("count the dead tasks of queue %s: %w", queues[i], err)
		}
		counts[i] = int(reply.Val())
	}
	return counts, nil
}
