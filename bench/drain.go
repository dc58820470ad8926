package bench

import (
	"context"
	"fmt"
	"sync/atomic"

	"golang.org/x/sync/errgroup"
)

// producers fill a queue together before it is drained. Their speed is not measured.
const producers = 8

// drain fills a queue and lets a worker empty it. The clock runs from the first task
// handled to the last.
func (r *run) drain(ctx context.Context) error {
	for _, slots := range r.Slots {
		var rates both
		var spent costs
		err := r.inTurn(r.Rounds, func(c contender, round int) error {
			what := fmt.Sprintf("drain, %d slots, %s, round %d", slots, c, round)
			if err := r.fill(ctx, c, what); err != nil {
				return err
			}
			ctx, cancel := phase(ctx, what, r.limit(r.Tasks))
			defer cancel()
			before, err := r.spent(ctx)
			if err != nil {
				return err
			}
			t := newTally(r.Tasks)
			complete, err := r.consume(ctx, c, slots, what, t, func(context.Context) error { return nil })
			if err != nil || !complete {
				return err
			}
			first, last := t.ends()
			rates.add(c.ours, perSecond(r.Tasks, first, last))
			after, err := r.spent(ctx)
			spent.add(c.ours, before, after, r.Tasks)
			return err
		})
		if err != nil {
			return err
		}
		r.report.add(rates.into(Figure{
			ID: fmt.Sprintf("drain.%d", slots), Label: fmt.Sprintf("drain, %d slots", slots), Unit: "tasks/s", Better: "higher",
		}))
		for _, f := range spent.figures(slots) {
			r.report.add(f)
		}
	}
	return nil
}

// fill adds a round's tasks to the queue of a system whose worker has not started yet.
func (r *run) fill(ctx context.Context, c contender, what string) error {
	what += ", filling"
	limited, cancel := phase(ctx, what, r.limit(r.Tasks))
	defer cancel()
	group, ctx := errgroup.WithContext(limited)
	var next atomic.Int64
	for range producers {
		group.Go(func() error {
			for {
				seq := int(next.Add(1)) - 1
				if seq >= r.Tasks {
					return nil
				}
				if err := c.enqueue(ctx, newJob(seq)); err != nil {
					return err
				}
				if seq%1000 == 0 {
					r.Progress(what, seq, r.Tasks)
				}
			}
		})
	}
	return because(limited, group.Wait())
}
