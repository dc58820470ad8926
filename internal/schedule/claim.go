package schedule

import (
	"context"
	"fmt"
	"time"

	"github.com/redis/go-redis/v9"
)

// batch is what one claim took from a shard.
type batch struct {
	now    time.Time // of Redis
	lapses time.Time // of Redis: when others may take the entries
	due    []stored
}

// claim takes up to limit due entries of a shard for the length of a lease.
func (s *Store) claim(ctx context.Context, shard, limit int, lease time.Duration) (batch, error) {
	keys := []string{s.dueKey(shard), s.entriesKey(shard), s.booksKey(shard)}
	reply, err := claimScript.Run(ctx, s.client, keys, limit, lease.Milliseconds()).StringSlice()
	if err != nil {
		return batch{}, fmt.Errorf("claim due entries: %w", err)
	}
	now, err := fromMillis(reply[0])
	b := batch{now: now, lapses: now.Add(lease)}
	for fields := reply[1:]; len(fields) >= 3; fields = fields[3:] {
		b.due = append(b.due, stored{id: fields[0], entry: fields[1], books: fields[2]})
	}
	return b, err
}

// horizon returns the shards with entries that are due, and how long it is until there
// is another, at most limit. It takes one round trip.
func (s *Store) horizon(ctx context.Context, limit time.Duration) (due []int, wait time.Duration, err error) {
	heads := make([]*redis.ZSliceCmd, shards)
	var clock *redis.TimeCmd
	_, err = s.client.Pipelined(ctx, func(p redis.Pipeliner) error {
		for shard := range shards {
			heads[shard] = p.ZRangeWithScores(ctx, s.dueKey(shard), 0, 0)
		}
		clock = p.Time(ctx)
		return nil
	})
	if err != nil {
		return nil, 0, fmt.Errorf("look for due entries: %w", err)
	}
	wait = limit
	for shard, head := range heads {
		if len(head.Val()) == 0 {
			continue
		}
		until := time.UnixMilli(int64(head.Val()[0].Score)).Sub(clock.Val())
		if until <= 0 {
			due = append(due, shard)
		}
		wait = min(wait, until)
	}
	return due, max(wait, 0), nil
}
