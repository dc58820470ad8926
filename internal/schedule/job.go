package schedule

import (
	"context"
	"fmt"
	"time"

	"go.uber.org/zap"

	"switchyard/internal/calendar"
	"switchyard/internal/tasks"
)

// job is a claimed entry, and what is to be done about it.
type job struct {
	stored
	Record
	ticks   []time.Time // to be enqueued
	next    time.Time   // the tick after those, zero if none
	skipped int         // ticks that are dropped because the last task is not done
	until   time.Time   // the entry is held back until then; zero: it is not
}

// plan decides what to do about each claimed entry. For those about which nothing is to be
// enqueued it returns edits. Once ctx has ended it hands back those that are left.
func (e *Engine) plan(ctx context.Context, c claim) (jobs []*job, edits []edit) {
	for _, s := range c.due {
		budget := calendar.NewBudget(ctx)
		record, err := s.record()
		if err != nil {
			if ctx.Err() == nil { // or else it stays claimed until that lapses
				e.complain(s.id, err)
				edits = append(edits, repair(budget, s, err, c.now))
			}
			continue
		}
		if record.Books.Paused {
			edits = append(edits, s.rewrite(record.Books, time.Time{}))
			continue
		}
		j, err := newJob(budget, s, record, c.now)
		switch {
		case ctx.Err() != nil:
			edits = append(edits, s.rewrite(record.Books, record.Due()))
		case err != nil:
			e.complain(s.id, err)
			edits = append(edits, s.putAside(record.Books, err, c.now))
		default:
			jobs = append(jobs, j)
		}
	}
	return jobs, edits
}

// newJob works out what is to be done about an entry. What it takes for that may come from
// anybody who can write to Redis: no entry may stop a scheduler, and with it the others.
func newJob(b *calendar.Budget, s stored, r Record, now time.Time) (j *job, err error) {
	defer r.Entry.catchPanic(&err)
	spec, err := r.Entry.parse(b)
	if err != nil {
		return nil, err
	}
	j = &job{stored: s, Record: r}
	if j.ticks, j.next, err = Plan(b, r.Entry, spec, r.Books, now); err != nil {
		return nil, fmt.Errorf("spec %q: %w", r.Entry.Spec, err)
	}
	return j, nil
}

// complain says that an entry is repaired or put aside.
func (e *Engine) complain(id string, err error) {
	e.options.Logger.Error("schedule entry repaired or put aside", zap.String("entry", id), zap.Error(err))
	if e.options.Observer != nil {
		e.options.Observer.ObserveBroken()
	}
}

// tasks returns the tasks of j's ticks, which are enqueued now.
func (j *job) tasks(now time.Time) []tasks.Tick {
	ticks := make([]tasks.Tick, len(j.ticks))
	for i, at := range j.ticks {
		ticks[i] = tasks.Tick{
			Entry: j.id, At: at, ID: tickID(j.id, at),
			Kind: j.Entry.Kind, Payload: j.Entry.Payload, Queue: j.Entry.Queue,
		}
		if j.Entry.Expires > 0 {
			ticks[i].Expires = now.Add(j.Entry.Expires)
		}
	}
	return ticks
}

// later returns when j is looked at again if nothing can be done about it now: the longer it is due, the
// later.
func (j *job) later(now time.Time) time.Time {
	return now.Add(min(max(now.Sub(j.Due())/8, minHold), maxHold))
}

// hold takes j's ticks away, which stay as they are in its books.
func (j *job) hold(now time.Time) { j.until, j.ticks = j.later(now), nil }

// hold takes the ticks away from jobs that must not be enqueued now: those of a user
// whose brake is on, and those that would overlap with the entry's last task.
func (e *Engine) hold(ctx context.Context, jobs []*job, now time.Time) error {
	if err := e.holdBraked(ctx, jobs, now); err != nil {
		return fmt.Errorf("ask for brakes: %w", err)
	}
	if err := e.skipOverlapping(ctx, jobs, now); err != nil {
		return fmt.Errorf("look for overlaps: %w", err)
	}
	return nil
}

// The bounds of how often a held entry is looked at again.
const (
	minHold = time.Second
	maxHold = 30 * time.Second
)

// holdBraked holds the entries of users whose brake is on. The catch-up policy decides about their ticks
// when the brake is off.
func (e *Engine) holdBraked(ctx context.Context, jobs []*job, now time.Time) error {
	if e.options.Brake == nil {
		return nil
	}
	var owned []*job
	var owners []string
	for _, j := range jobs {
		if j.Entry.Owner != "" && len(j.ticks) > 0 {
			owned, owners = append(owned, j), append(owners, j.Entry.Owner)
		}
	}
	if len(owned) == 0 {
		return nil
	}
	held, err := e.options.Brake.On(ctx, owners)
	if err != nil {
		return err
	}
	for i, j := range owned {
		if held[i] {
			j.hold(now)
		}
	}
	return nil
}
