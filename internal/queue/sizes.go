package queue

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"time"

	"github.com/redis/go-redis/v9"

	"switchyard/internal/queue/format"
)

// Size counts the tasks of one queue by their states.
type Size struct {
	Queue     string        `json:"queue"`
	Waiting   int           `json:"waiting"`
	Running   int           `json:"running"`
	Scheduled int           `json:"scheduled"`
	Held      int           `json:"held"`
	Retrying  int           `json:"retrying"` // or parked
	Failed    int           `json:"failed"`   // cancelled or expired: in the dead letter
	Succeeded int           `json:"-"`        // and still kept
	Oldest    time.Duration `json:"-"`        // how long the next one has waited
	Paused    bool          `json:"paused"`
}

// Sizes returns the sizes of every queue that has ever had a task, in no order.
func (c *Client) Sizes(ctx context.Context) ([]Size, error) { return sizesOf(ctx, c.redis) }

// sizesOf reads the sizes of all queues. asynq's inspector does, too, but fails for all of them,
// or panics, where a counter of one is none. A key that is no queue's counts nothing here.
func sizesOf(ctx context.Context, client redis.UniversalClient) ([]Size, error) {
	names, err := client.SMembers(ctx, format.Queues).Result()
	if err != nil {
		return nil, fmt.Errorf("sizes of queues: %w", err)
	}
	sizes := make([]Size, len(names))
	for i, name := range names {
		if sizes[i], err = sizeOf(ctx, client, name); err != nil {
			return nil, fmt.Errorf("size of queue %s: %w", name, err)
		}
	}
	return sizes, nil
}

func sizeOf(ctx context.Context, client redis.UniversalClient, queue string) (Size, error) {
	s := Size{Queue: queue}
	counts := map[*int]*redis.IntCmd{}
	var next *redis.StringCmd
	var paused *redis.IntCmd
	var groups *redis.StringSliceCmd
	_, err := client.Pipelined(ctx, func(p redis.Pipeliner) error {
		counts[&s.Waiting], counts[&s.Running] = p.LLen(ctx, format.Key(queue, pending)), p.LLen(ctx, format.Key(queue, active))
		for into, part := range map[*int]string{&s.Scheduled: scheduled, &s.Retrying: retry, &s.Failed: archived, &s.Succeeded: completed} {
			counts[into] = p.ZCard(ctx, format.Key(queue, part))
		}
		next, paused = p.LIndex(ctx, format.Key(queue, pending), -1), p.Exists(ctx, format.Key(queue, "paused"))
		groups = p.SMembers(ctx, format.Key(queue, "groups"))
		return nil
	})
	if err != nil && !answered(err) {
		return s, err
	}
	for into, n := range counts {
		*into = int(n.Val())
	}
	s.Paused = paused.Val() > 0
	for _, group := range groups.Val() {
		n, err := client.ZCard(ctx, format.Key(queue, "g:"+group)).Result()
		if err != nil && !answered(err) {
			return s, err
		}
		s.Held += int(n)
	}
	since, err := client.HGet(ctx, format.TaskKey(queue, next.Val()), "pending_since").Result()
	if err != nil && !answered(err) {
		return s, err
	}
	if nanos, err := strconv.ParseInt(since, 10, 64); err == nil && nanos > 0 {
		s.Oldest = max(0, time.Since(time.Unix(0, nanos)))
	}
	return s, nil
}

// answered reports whether Redis has answered that there is nothing, or nothing of that type.
func answered(err error) bool { return errors.Is(err, redis.Nil) || isWrongType(err) }
