package schedule

import (
	"context"
	"fmt"
	"time"

	"github.com/redis/go-redis/v9"
)

// Overdue is what schedulers have left undone.
type Overdue struct {
	Of      int           // how many entries there are
	Entries int           // that are due and that no scheduler has taken
	Longest time.Duration // how long the first of them has been due, by Redis's clock
}

// Overdue looks what is overdue. It takes one round trip, two if Redis does not know the script, and
// costs the same however many entries there are. An entry that a scheduler tries again and again
// is not among them; [Observer] hears of each try.
func (s *Store) Overdue(ctx context.Context) (Overdue, error) {
	var all Overdue
	err := s.loaded(ctx, overdueScript, func() (err error) { all, err = s.overdue(ctx); return err })
	if err != nil {
		return Overdue{}, fmt.Errorf("look for overdue entries: %w", err)
	}
	return all, nil
}

func (s *Store) overdue(ctx context.Context) (all Overdue, err error) {
	replies := make([]*redis.Cmd, shards)
	_, err = s.client.Pipelined(ctx, func(p redis.Pipeliner) error {
		for shard := range shards {
			replies[shard] = overdueScript.EvalSha(ctx, p, []string{s.dueKey(shard), s.entriesKey(shard)})
		}
		return nil
	})
	if err != nil {
		return Overdue{}, err
	}
	for _, reply := range replies {
		n, err := reply.Int64Slice()
		if err != nil {
			return Overdue{}, err
		}
		all.Entries += int(n[0])
		all.Longest = max(all.Longest, time.Duration(n[1])*time.Millisecond)
		all.Of += int(n[2])
	}
	return all, nil
}
