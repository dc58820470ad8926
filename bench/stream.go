package bench

import (
	"context"
	"fmt"
	"time"
)

// stream adds tasks one by one to a worker that performs them meanwhile. The clock runs
// from before the first is added until the last is handled.
func (r *run) stream(ctx context.Context) error {
	var rates both
	err := r.inTurn(r.Rounds, func(c contender, round int) error {
		what := fmt.Sprintf("stream, %d slots, %s, round %d", slotsWhileIdle, c, round)
		ctx, cancel := phase(ctx, what, r.limit(r.Tasks))
		defer cancel()
		t := newTally(r.Tasks)
		var began time.Duration
		complete, err := r.consume(ctx, c, slotsWhileIdle, what, t, func(ctx context.Context) error {
			began = time.Since(t.began)
			for seq := range r.Tasks {
				if err := c.enqueue(ctx, newJob(seq)); err != nil {
					return because(ctx, err)
				}
				if seq%1000 == 0 {
					r.Progress(what, seq, r.Tasks)
				}
			}
			return nil
		})
		if complete {
			_, last := t.ends()
			rates.add(c.ours, float64(r.Tasks)/(last-began).Seconds())
		}
		return err
	})
	if err != nil {
		return err
	}
	r.report.add(rates.into(Figure{
		ID: fmt.Sprintf("stream.%d", slotsWhileIdle), Label: fmt.Sprintf("stream, %d slots", slotsWhileIdle), Unit: "tasks/s", Better: "higher",
	}))
	return nil
}
