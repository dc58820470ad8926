package redbeat

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"switchyard/internal/schedule"
)

// Options say what an application's names mean here.
type Options struct {
	// Zone is the time zone of the application, by whose clock its crontabs are due.
	Zone *time.Location
	// Tasks are Celery's tasks by their names.
	Tasks map[string]Task
	// Known reports whether a kind exists, and Queue whether a queue does.
	Known, Queue func(name string) bool
	// Check reports why an entry could not be enqueued.
	Check func(context.Context, schedule.Entry) error
	Now   func() time.Time
}

// Mover turns entries of RedBeat's into entries of the schedule. It is safe for concurrent
// use.
type Mover struct{ o Options }

// NewMover returns a mover. All options have to be set but Tasks.
func NewMover(o Options) *Mover { return &Mover{o} }

// MoveAll returns what becomes of entries, in the order of their names.
func (m *Mover) MoveAll(ctx context.Context, stored []Stored) []Move {
	all := make([]Move, len(stored))
	for i, s := range stored {
		all[i] = m.Move(ctx, s)
	}
	slices.SortFunc(all, func(a, b Move) int { return cmp.Compare(a.From, b.From) })
	owner := make(map[string]string, len(all))
	for i, one := range all {
		if !one.Moves() {
			continue
		}
		if other, taken := owner[one.Entry.ID]; taken {
			all[i] = one.Refuse(fmt.Errorf("its id would be %s, which is that of %s: rename one of them in RedBeat", one.Entry.ID, Quote(other)))
			continue
		}
		owner[one.Entry.ID] = one.From
	}
	return all
}

// Move returns what becomes of one entry.
func (m *Mover) Move(ctx context.Context, s Stored) Move {
	move := Move{From: s.Name}
	if s.Foreign != "" {
		return move.leaveOut(errors.New(s.Foreign))
	}
	if s.Err != nil {
		return move.Refuse(s.Err)
	}
	d, err := s.readDefinition()
	if err != nil {
		return move.Refuse(err)
	}
	if move.Task = d.task; d.task == "celery.backend_cleanup" {
		return move.leaveOut(errors.New("it clears results that Celery kept: here they end with their retention"))
	}
	last, err := s.readLastRun(m.o.Now())
	if err != nil {
		return move.Refuse(err)
	}
	if !last.IsZero() {
		move.LastRun = last.UTC().Truncate(time.Second)
		if now := m.o.Now().UTC().Truncate(time.Second); move.LastRun.After(now) { // by RedBeat's clock
			move.LastRun = now
		}
	}
	if err := m.convert(&move, d, last); err != nil {
		return move.Refuse(err)
	}
	return m.judge(ctx, move, s)
}

// convert gives a move its entry. The error names everything that is in the way.
func (m *Mover) convert(move *Move, d definition, last time.Time) error {
	e := schedule.Entry{ID: entryID(move.From), Origin: schedule.OriginAPI, Paused: !d.enabled}
	changed := func(format string, args ...any) { move.Changes = append(move.Changes, fmt.Sprintf(format, args...)) }
	errs := []error{m.applySchedule(&e, d.schedule, last, changed)}
	task, err := m.task(d.task)
	if err == nil {
		e.Kind = task.Kind
		e.Payload, err = task.payload(d.object, changed)
	}
	errs = append(errs, err)
	move.Lacks = lacksOf(d, task)
	if task.Celery {
		errs = append(errs, task.applyOptions(&e, d.object, changed))
	} else {
		errs = append(errs, m.applyOptions(&e, d.object, changed))
	}
	move.Entry = e
	return errors.Join(errs...)
}

// applySchedule gives an entry the times it is due at.
func (m *Mover) applySchedule(e *schedule.Entry, o object, last time.Time, changed func(string, ...any)) (err error) {
	if last.IsZero() {
		changed("it has no last run: RedBeat would run it at once, here it waits for its next tick")
	}
	e.Zone = m.o.Zone.String()
	switch o.kind() {
	case "crontab":
		e.Spec, e.Cron, err = crontab(o)
		m.compareClocks(last, changed)
	case "interval":
		var found interval
		found, err = readInterval(o, last, m.o.Zone, changed)
		e.Spec, e.Start = found.spec, found.start
		if o["relative"] == true {
			m.compareClocks(last, changed)
		}
	case "rrule":
		e.Spec, e.Zone, err = readRule(o, m.o.Zone, changed)
	default:
		err = fmt.Errorf("schedule is %s: it has to be a crontab, an interval or an rrule of RedBeat's", show(map[string]any(o)))
	}
	return err
}

// compareClocks tells of a last run at another offset than the zone had then: RedBeat notes
// it by the clock of the application.
func (m *Mover) compareClocks(last time.Time, changed func(string, ...any)) {
	_, there := last.Zone()
	here := last.In(m.o.Zone)
	if _, offset := here.Zone(); !last.IsZero() && offset != there {
		changed("the last run is noted at %s from UTC, where %s was at %s: see to --zone, it has to be the application's", last.Format("-07:00"), m.o.Zone, here.Format("-07:00"))
	}
}

// judge decides about an entry that could be read.
func (m *Mover) judge(ctx context.Context, move Move, s Stored) Move {
	if err := m.o.Check(ctx, move.Entry); err != nil {
		return move.Refuse(err)
	}
	after := move.LastRun
	if after.IsZero() {
		after = m.o.Now()
	}
	next, err := firstTick(ctx, move.Entry, after)
	if err != nil {
		return move.Refuse(err)
	}
	move.Next = next
	if next.IsZero() {
		return move.end(s)
	}
	if _, difference := move.compare(s, m.o.Now()); difference != "" {
		move.Changes = append(move.Changes, difference)
	}
	move.Verdict = AsItIs
	if len(move.Changes) > 0 {
		move.Verdict = WithChange
	}
	return move
}

// firstTick returns the first tick of an entry after a moment, zero if there is none.
func firstTick(ctx context.Context, e schedule.Entry, after time.Time) (time.Time, error) {
	ticks, err := e.NextTicks(ctx, after, 1)
	if err != nil || len(ticks) == 0 {
		return time.Time{}, err
	}
	return ticks[0], nil
}
