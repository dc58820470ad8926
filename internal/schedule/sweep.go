package schedule

import (
	"context"
	"time"

	"go.uber.org/zap"

	"switchyard/internal/tasks"
)

// sweepEvery is how often the queues' memory of ticks is swept.
const sweepEvery = time.Minute

// sweep has the queues forget the ticks that nobody will try to enqueue again, until ctx
// ends.
func (e *Engine) sweep(ctx context.Context) {
	for tasks.Sleep(ctx, sweepEvery) == nil {
		for forgotten := 1; forgotten > 0 && ctx.Err() == nil; {
			var err error
			if forgotten, err = e.queue.SweepTicks(ctx, e.store.settled); err != nil && ctx.Err() == nil {
				e.options.Logger.Warn("old ticks are not forgotten, trying again", zap.Error(err))
			}
		}
	}
}

// settled returns those of ticks that the schedule has left behind: their entries are
// gone, or their books say that a later tick is next or none.
func (s *Store) settled(ctx context.Context, ticks []tasks.Tick) ([]tasks.Tick, error) {
	byShard := make(map[int][]tasks.Tick)
	for _, tick := range ticks {
		byShard[shardOf(tick.Entry)] = append(byShard[shardOf(tick.Entry)], tick)
	}
	var left []tasks.Tick
	for shard, some := range byShard {
		ids := make([]string, len(some))
		for i, tick := range some {
			ids[i] = tick.Entry
		}
		found, _, err := s.read(ctx, shard, ids...)
		if err != nil {
			return nil, err
		}
		for i, tick := range some {
			record, err := found[i].record()
			open := err == nil && !record.Books.Next.IsZero() && !record.Books.Next.After(tick.At)
			if !open {
				left = append(left, tick)
			}
		}
	}
	return left, nil
}
