package bench

import (
	"context"
	"errors"
	"fmt"
	"os"
	"time"
)

// foundWithin bounds how long a lost task is waited for. asynq, which looks once a minute
// for leases that ended half a minute ago and then delays the retry, needs up to 170 s.
const foundWithin = 5 * time.Minute

// loss kills worker processes inside a handler.
func (r *run) loss(ctx context.Context) (err error) {
	s, err := newSite()
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, s.close()) }()
	var took both
	for _, f := range r.fetchers([]string{r.PageQueue}) {
		kills := r.AsynqKills
		if f.ours {
			kills = r.Kills
		}
		if kills == 0 {
			continue
		}
		found, err := r.killWorkers(ctx, f, s, kills)
		if err != nil {
			return fmt.Errorf("%s: %w", f, err)
		}
		for _, d := range found {
			took.add(f.ours, d.Seconds())
		}
	}
	median := took.into(Figure{ID: "loss.median", Label: "killed worker, task runs again", Unit: "s", Better: "lower"})
	worst := Figure{ID: "loss.worst", Label: "killed worker, the worst", Unit: "s", Better: "lower"}
	if median.Ours != nil {
		worst.Ours = once(median.Ours.Max)
	}
	if median.Asynq != nil {
		worst.Asynq = once(median.Asynq.Max)
	}
	r.report.add(median)
	r.report.add(worst)
	return nil
}

// killWorkers kills as many workers of a fleet, one after the other, and returns for each
// how long its task waited to run again. A task that does not come back ends the series
// and shows in the count.
func (r *run) killWorkers(ctx context.Context, f fleet, s *site, kills int) (found []time.Duration, err error) {
	what := fmt.Sprintf("loss, %s", f)
	holder, err := r.startWorker(ctx, f.command(f.queues), f.queues)
	if err != nil {
		return nil, err
	}
	defer func() { holder.stop() }()
	var paths []string
	for len(found) < kills {
		name := fmt.Sprintf("%s-%d", f, len(paths))
		paths = append(paths, "/page/"+name)
		heir, took, err := r.killOne(ctx, f, s, holder, name)
		if heir != nil {
			holder = heir
		}
		if err != nil && !errors.Is(err, os.ErrDeadlineExceeded) {
			return found, err
		}
		if err != nil {
			break
		}
		found = append(found, took)
	}
	left, err := r.settle(ctx, f.queues[0])
	r.report.Counts = append(r.report.Counts, Count{
		Phase: what, System: f.String(), Enqueued: len(paths), Handled: len(found),
		// One visit by the worker that is killed, one by the other.
		Repeated: max(0, s.total(paths)-len(paths)-len(found)), Left: left,
	})
	return found, err
}

// killOne has holder take a task, starts another worker, which finds nothing to do, kills
// the first, and returns the other and how long it was until that one ran the task.
func (r *run) killOne(ctx context.Context, f fleet, s *site, holder *process, name string) (heir *process, took time.Duration, err error) {
	ctx, cancel := phase(ctx, fmt.Sprintf("task %s of a killed worker", name), foundWithin)
	defer cancel()
	path := "/page/" + name
	waiting := func(d time.Duration) { r.Progress("loss, "+name, int(d.Seconds()), int(foundWithin.Seconds())) }
	if err := f.enqueue(ctx, f.queues[0], taskID+name, s.url+path); err != nil {
		return nil, 0, because(ctx, err)
	}
	if _, err := s.await(ctx, path, waiting); err != nil {
		return nil, 0, err
	}
	if heir, err = r.startWorker(ctx, f.command(f.queues), f.queues); err != nil {
		return nil, 0, err
	}
	killed := time.Now()
	holder.kill()
	again, err := s.await(ctx, path, waiting)
	return heir, again.Sub(killed), err
}
