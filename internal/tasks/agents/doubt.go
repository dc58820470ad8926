package agents

import (
	"context"
	"errors"
	"fmt"

	"switchyard/internal/cache"
	"switchyard/internal/journal"
	"switchyard/internal/tasks"
)

// doubtError is the error of a call of which nobody knows whether it was made.
type doubtError struct{ error }

func (e doubtError) Unwrap() error { return e.error }

// orWait returns the error of an attempt, and parks the run if the attempt leaves an effect in
// doubt: no retry may find out. Where the attempt was cut off, or paused, the next one does so.
func orWait(ctx context.Context, run Run, err error) error {
	step, waits := run.Journal.Undecided()
	if !waits || errors.Is(err, journal.ErrSuperseded) || ctx.Err() != nil && !errors.Is(context.Cause(ctx), tasks.ErrSoftLimit) {
		return err
	}
	return waitForPerson(ctx, run, step, err)
}

// waitForPerson parks a run until a person has decided about a step. err is what left it in
// doubt, nil if that was another attempt.
func waitForPerson(ctx context.Context, run Run, step journal.Step, err error) error {
	telling, cancel := cache.Outlast(ctx, writeWithin)
	defer cancel()
	if told := run.Journal.Tell(telling, step.Name); told != nil {
		return errors.Join(err, told)
	}
	why, again := "needs a person's approval", ""
	if step.InDoubt() {
		why, again = "has begun and nobody knows whether it was done", " again"
	}
	if err != nil {
		why += fmt.Sprintf(" (%.500s)", err.Error())
	}
	id := run.Task.ID
	return tasks.Parked(fmt.Sprintf("step %q %s: see switchyard run show %s, then approve %s to have it done%s, or reject %s", step.Name, why, id, id, again, id))
}
