package schedule

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"time"

	"github.com/redis/go-redis/v9"
)

// Upcoming is an entry as a monitor shows it.
type Upcoming struct {
	ID, Spec, Zone, Kind, Queue string
	Payload                     json.RawMessage
	Next, Prev                  time.Time // Prev is zero before the first tick
	PrevTask                    string    // ID of the task of Prev, "" if it is not known
}

// Upcoming returns the n entries due next over all shards, soonest first. Those paused
// are not due. Its cost grows with n, not with the number of entries.
func (s *Store) Upcoming(ctx context.Context, n int) ([]Upcoming, error) {
	soonest, err := s.soonest(ctx, n)
	if err != nil {
		return nil, fmt.Errorf("list upcoming entries: %w", err)
	}
	var upcoming []Upcoming
	for shard, ids := range soonest {
		records, err := s.records(ctx, shard, ids)
		if err != nil {
			return nil, fmt.Errorf("list upcoming entries: %w", err)
		}
		for _, r := range records {
			if r.State() != Unreadable {
				upcoming = append(upcoming, r.upcoming())
			}
		}
	}
	slices.SortFunc(upcoming, func(a, b Upcoming) int {
		return cmp.Or(a.Next.Compare(b.Next), cmp.Compare(a.ID, b.ID))
	})
	return upcoming, nil
}

func (r Record) upcoming() Upcoming {
	e := r.Entry
	return Upcoming{
		ID: e.ID, Spec: e.Spec, Zone: e.Zone, Kind: e.Kind, Queue: e.Queue, Payload: e.Payload,
		Next: r.Due(), Prev: r.Books.Last, PrevTask: r.Books.LastTask,
	}
}

// soonest returns the IDs of the n entries due next, by shard.
func (s *Store) soonest(ctx context.Context, n int) (map[int][]string, error) {
	if n <= 0 {
		return nil, nil
	}
	heads := make([]*redis.ZSliceCmd, shards)
	_, err := s.client.Pipelined(ctx, func(p redis.Pipeliner) error {
		for shard := range shards {
			heads[shard] = p.ZRangeWithScores(ctx, s.dueKey(shard), 0, int64(n)-1)
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	var all []redis.Z
	for _, head := range heads {
		all = append(all, head.Val()...)
	}
	slices.SortFunc(all, func(a, b redis.Z) int { return cmp.Compare(a.Score, b.Score) })
	var ids []string
	for _, z := range all[:min(n, len(all))] {
		ids = append(ids, z.Member.(string))
	}
	return byShard(ids), nil
}
