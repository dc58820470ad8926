package bench

import (
	"context"
	"fmt"
	"time"
)

// add has one producer add a crowd of tasks as fast as its system can: ours in bulk, asynq, which
// has no such thing, one by one. Then a worker performs them, so that each is counted.
func (r *run) add(ctx context.Context) error {
	var rates both
	err := r.inTurn(r.Rounds, func(c contender, round int) error {
		what := fmt.Sprintf("add, %s, round %d", c, round)
		ctx, cancel := phase(ctx, what, 2*r.limit(r.Tasks))
		defer cancel()
		jobs := make([]job, r.Tasks)
		for seq := range jobs {
			jobs[seq] = newJob(seq)
		}
		r.Progress(what, 0, r.Tasks)
		began := time.Now()
		if err := c.enqueueAll(ctx, jobs); err != nil {
			return because(ctx, err)
		}
		rate := float64(r.Tasks) / time.Since(began).Seconds()
		complete, err := r.consume(ctx, c, slotsWhileIdle, what, newTally(r.Tasks), func(context.Context) error { return nil })
		if complete {
			rates.add(c.ours, rate)
		}
		return err
	})
	if err != nil {
		return err
	}
	r.report.add(rates.into(Figure{ID: "add", Label: "adding in bulk, one producer", Unit: "tasks/s", Better: "higher"}))
	return nil
}
