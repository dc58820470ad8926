package bench

import (
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
	"time"

	"switchyard/internal/tasks"
)

// every is how far apart pickup's tasks are at the mean. Each gap differs by up to half of
// it, or a worker that polls by the second would be met at the same ten moments.
const every = 100 * time.Millisecond

// pickup adds one task after the other to an idle worker, without waiting for any: a
// worker that is slow to see one is not spared the next. Then it counts the
// worker's commands while there is nothing to do.
func (r *run) pickup(ctx context.Context) error {
	waits := map[bool][]time.Duration{}
	var sent, performed both
	for _, c := range r.contenders {
		sorted, err := r.pickupOf(ctx, c)
		if err != nil {
			return fmt.Errorf("%s: %w", c, err)
		}
		waits[c.ours] = sorted
		sends, performs, err := r.idleOf(ctx, c)
		if err != nil {
			return fmt.Errorf("%s: %w", c, err)
		}
		sent.add(c.ours, sends)
		if performs >= 0 {
			performed.add(c.ours, performs)
		}
	}
	for _, p := range []struct {
		id, label string
		percent   float64
	}{{"p50", "median", 50}, {"p95", "95 of 100", 95}, {"p99", "99 of 100", 99}, {"max", "longest", 100}} {
		f := Figure{ID: "pickup." + p.id, Label: "pickup, " + p.label, Unit: "ms", Better: "lower"}
		for ours, into := range map[bool]**Spread{true: &f.Ours, false: &f.Asynq} {
			if len(waits[ours]) > 0 {
				*into = once(milliseconds(percentile(waits[ours], p.percent)))
			}
		}
		r.report.add(f)
	}
	r.report.add(sent.into(Figure{ID: "idle.sent", Label: "idle worker, commands it sends", Unit: "commands/s", Better: "lower"}))
	r.report.add(performed.into(Figure{ID: "idle.performed", Label: "idle worker, commands in Redis", Unit: "commands/s", Better: "lower"}))
	return nil
}

// pickupOf returns how long each task waited in one system, sorted.
func (r *run) pickupOf(ctx context.Context, c contender) ([]time.Duration, error) {
	what := fmt.Sprintf("pickup, %s", c)
	ctx, cancel := phase(ctx, what, r.limit(r.Samples)+time.Duration(r.Samples)*2*every)
	defer cancel()
	t := newTally(r.Samples)
	sent := make([]time.Time, r.Samples)
	_, err := r.consume(ctx, c, slotsWhileIdle, what, t, func(ctx context.Context) error {
		for i := range sent {
			if err := tasks.Sleep(ctx, every/2+rand.N(every)); err != nil {
				return err
			}
			sent[i] = time.Now()
			if err := c.enqueue(ctx, newJob(i)); err != nil {
				return because(ctx, err)
			}
			r.Progress(what, i+1, r.Samples)
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	var waits []time.Duration
	for i, at := range sent {
		if wait, handled := t.since(i, at); handled {
			waits = append(waits, wait)
		}
	}
	slices.Sort(waits)
	return waits, nil
}
