package bench

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"os"
	"slices"
	"time"

	"switchyard/internal/audit"
	"switchyard/internal/tasks"
)

// The workload brake has a fleet of workers with many runs.
const (
	brakeWorkers = 4
	brakeSlots   = 40
	// bystanders are runs of other users that go on meanwhile.
	bystanders = 20
)

// brake measures how soon a pause stops what runs.
func (r *run) brake(ctx context.Context) (err error) {
	ctx, cancel := phase(ctx, "brake", 2*time.Minute+r.limit(100*r.Samples))
	defer cancel()
	a, err := r.openAgency(ctx, agencyOptions{workers: brakeWorkers, slots: brakeSlots, perUser: brakeWorkers * brakeSlots})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, a.close()) }()
	var held []*call
	for i := range bystanders {
		if _, err := r.startAgent(ctx, CallAgent, fmt.Sprintf("bench-bystander-%d", i), fmt.Sprintf("bystander-%d", i)); err != nil {
			return err
		}
		c, err := a.desk.next(ctx)
		if err != nil {
			return err
		}
		held = append(held, c)
	}
	if err := r.pauses(ctx, a); err != nil {
		return err
	}
	for _, c := range held {
		select {
		case <-c.hung:
			return errors.New("the run of a user who was not paused was stopped")
		default:
			close(c.answer)
		}
	}
	return r.stopCrowd(ctx, a)
}

// pauses pauses one user after another, each with one run, and resumes them.
func (r *run) pauses(ctx context.Context, a *agency) error {
	var stopped, resumed []time.Duration
	count := Count{Phase: "brake, one run", System: systemName(true), Enqueued: r.Samples}
	for i := range r.Samples {
		r.Progress("brake, one run", i, r.Samples)
		stop, resume, err := r.pauseOne(ctx, a, fmt.Sprintf("bench-user-%d", i), fmt.Sprintf("pause-%d", i))
		if err != nil {
			return err
		}
		stopped, resumed = append(stopped, stop), append(resumed, resume)
		count.Handled++
	}
	slices.Sort(stopped)
	slices.Sort(resumed)
	for _, f := range []struct {
		id, label string
		value     time.Duration
	}{
		{"pause.p50", "pause to stopped call, p50", percentile(stopped, 50)},
		{"pause.p99", "pause to stopped call, p99", percentile(stopped, 99)},
		{"resume.p50", "resume to the run going on, p50", percentile(resumed, 50)},
	} {
		r.report.add(Figure{ID: "brake." + f.id, Label: f.label, Unit: "ms", Better: "lower", Ours: once(milliseconds(f.value))})
	}
	r.report.Counts = append(r.report.Counts, count)
	return nil
}

// pauseOne starts a run, pauses its user, and resumes them. It returns how long the call
// that was in flight lived on after the pause was asked for, and how long after the resume
// it came again.
func (r *run) pauseOne(ctx context.Context, a *agency, user, id string) (stopped, resumed time.Duration, err error) {
	if _, err := r.startAgent(ctx, CallAgent, user, id); err != nil {
		return 0, 0, err
	}
	first, err := a.desk.next(ctx)
	if err != nil {
		return 0, 0, err
	}
	paused := time.Now()
	receipt, err := r.Agents.Operator.Pause(ctx, user, audit.Actor{Via: audit.Command})
	if err == nil && (len(receipt.Found) != 1 || len(receipt.Unconfirmed) > 0) {
		err = fmt.Errorf("the receipt of a pause is wrong: %+v", receipt)
	}
	if err != nil {
		return 0, 0, err
	}
	select {
	case at := <-first.hung:
		stopped = at.Sub(paused)
	case <-ctx.Done():
		return 0, 0, context.Cause(ctx)
	}
	asked := time.Now()
	if _, err := r.Agents.Operator.Resume(ctx, user, audit.Actor{Via: audit.Command}); err != nil {
		return 0, 0, err
	}
	again, err := a.desk.next(ctx)
	if err != nil {
		return 0, 0, err
	}
	close(again.answer)
	if again.task != first.task {
		return 0, 0, fmt.Errorf("after %s was resumed came %s", first.task, again.task)
	}
	return stopped, again.came.Sub(asked), nil
}

// stopCrowd pauses a user with many programs at work, and resumes them. It counts each
// finished step of each program.
func (r *run) stopCrowd(ctx context.Context, a *agency) error {
	const user = "bench-crowd"
	what := fmt.Sprintf("brake, %d programs on %d workers", r.Programs, brakeWorkers)
	for i := range r.Programs {
		if _, err := r.startAgent(ctx, StepsAgent, user, fmt.Sprintf("crowd-%d", i)); err != nil {
			return err
		}
	}
	if err := r.awaitCrowd(ctx, a, user, what); err != nil {
		return err
	}
	receipt, err := r.Agents.Operator.Pause(ctx, user, audit.Actor{Via: audit.Command})
	if err == nil && (len(receipt.Found) != r.Programs || len(receipt.Unconfirmed) > 0) {
		err = fmt.Errorf("the receipt of a pause of %d runs is wrong: %d found, not confirmed: %v", r.Programs, len(receipt.Found), receipt.Unconfirmed)
	}
	if err != nil {
		return err
	}
	atReceipt, err := finishedSteps(a.log)
	if err == nil {
		err = tasks.Sleep(ctx, time.Second) // in which nothing may happen
	}
	if err != nil {
		return err
	}
	later, err := finishedSteps(a.log)
	if err != nil {
		return err
	}
	if _, err := r.Agents.Operator.Resume(ctx, user, audit.Actor{Via: audit.Command}); err != nil {
		return err
	}
	left, err := r.emptied(ctx, what)
	if err != nil {
		return err
	}
	all, err := finishedSteps(a.log)
	if err != nil {
		return err
	}
	distinct := slices.Compact(slices.Sorted(slices.Values(all)))
	r.report.Counts = append(r.report.Counts, Count{
		Phase: what + ", steps", System: systemName(true), Enqueued: r.Programs * steps,
		Handled: len(distinct), Repeated: len(all) - len(distinct) + len(later) - len(atReceipt), Left: left,
	})
	r.report.add(Figure{
		ID: fmt.Sprintf("brake.crowd.%d", r.Programs), Label: fmt.Sprintf("pause of %d programs on %d workers, confirmed", r.Programs, brakeWorkers), Unit: "ms", Better: "lower",
		Ours: once(milliseconds(receipt.Took)),
	})
	return nil
}

// awaitCrowd waits until all programs run and have done a step each, about.
func (r *run) awaitCrowd(ctx context.Context, a *agency, user, what string) error {
	for {
		s, err := r.Agents.Operator.Brake.Look(ctx, user)
		if err != nil {
			return err
		}
		done, err := finishedSteps(a.log)
		if err != nil {
			return err
		}
		r.Progress(what, len(s.Runs), r.Programs)
		if len(s.Runs) == r.Programs && len(done) >= r.Programs {
			return nil
		}
		if err := tasks.Sleep(ctx, 10*time.Millisecond); err != nil {
			return err
		}
	}
}

// emptied waits until the agents' queue has nothing to do, and returns how many tasks are
// left if it does not come to that.
func (r *run) emptied(ctx context.Context, what string) (left int, err error) {
	all := 0
	for {
		left, err = r.waiting(r.Agents.Queue)
		if err != nil || left == 0 {
			return left, err
		}
		all = max(all, left)
		r.Progress(what, all-left, all)
		if err := tasks.Sleep(ctx, 50*time.Millisecond); err != nil {
			return left, interrupted(ctx)
		}
	}
}

// finishedSteps returns the lines that the programs have written.
func finishedSteps(file string) ([]string, error) {
	f, err := os.Open(file)
	if errors.Is(err, os.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	defer func() { _ = f.Close() }()
	var lines []string
	for s := bufio.NewScanner(f); s.Scan(); {
		lines = append(lines, s.Text())
	}
	return lines, nil
}
