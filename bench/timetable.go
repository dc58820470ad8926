package bench

import (
	"context"
	"fmt"
	"os/exec"
	"time"

	"switchyard/internal/schedule"
)

// Timetable is what the workload schedule needs of the system.
type Timetable struct {
	Store *schedule.Store
	// Entry returns the nth of entries that are due once at a moment, and User the nth of
	// those of as many users, who live in twenty time zones.
	Entry, User func(n int, due time.Time) (schedule.Entry, error)
	// EntryQueue and UserQueue are where their tasks go.
	EntryQueue, UserQueue string
	// Scheduler returns the command of a scheduler process, AsynqScheduler that of asynq's
	// own of so many entries, due at a minute, as a Scheduler or a PeriodicTaskManager.
	Scheduler      func() *exec.Cmd
	AsynqScheduler func(mode string, entries int, due time.Time) *exec.Cmd
}

// The ways in which asynq schedules.
const (
	AsynqScheduler = "scheduler" // asynq.Scheduler
	AsynqManager   = "manager"   // asynq.PeriodicTaskManager
)

// asynqBears is how many entries asynq is asked to hold: 15 KB of memory each.
const asynqBears = 10_000

// replicas is how many schedulers share the work, and how many must not double it.
const (
	sharing  = 3
	replicas = 2
)

// schedulers is a set of scheduler processes and the entries they are to enqueue.
type schedulers struct {
	mode    string // "" for ours
	count   int
	entries int
	entry   func(n int, due time.Time) (schedule.Entry, error)
	queue   string
}

func (s schedulers) ours() bool { return s.mode == "" }

func (s schedulers) String() string {
	name := s.mode
	if s.ours() {
		name = systemName(true)
	}
	return fmt.Sprintf("schedule, %d entries, %d %s", s.entries, s.count, name)
}

// held is what was measured of a set of schedulers.
type held struct {
	arrivals []arrival
	commands float64 // that Redis performed for each tick; negative if it does not say
	mib      float64 // of one process, idle with its entries; negative if the system does not tell
	tasks    int     // that came in all
}

// timetable measures how schedulers cope with many entries due at once.
func (r *run) timetable(ctx context.Context) error {
	for _, n := range r.Entries {
		if err := r.dueTogether(ctx, n); err != nil {
			return err
		}
	}
	most := r.Entries[len(r.Entries)-1]
	users, err := r.schedulers(ctx, schedulers{"", 1, most, r.Timetable.User, r.Timetable.UserQueue})
	if err != nil {
		return err
	}
	r.report.add(Figure{
		ID: fmt.Sprintf("schedule.users.%d.last", most), Label: fmt.Sprintf("%d users in 20 zones due together, the last", most), Unit: "ms", Better: "lower",
		Ours: once(milliseconds(lagOf(users.arrivals, most, 100))),
	})
	return r.doubled(ctx, r.Entries[0])
}

// dueTogether measures n entries due in the same second.
func (r *run) dueTogether(ctx context.Context, n int) error {
	ours := func(count int) schedulers {
		return schedulers{"", count, n, r.Timetable.Entry, r.Timetable.EntryQueue}
	}
	one, err := r.schedulers(ctx, ours(1))
	if err != nil {
		return err
	}
	several, err := r.schedulers(ctx, ours(sharing))
	if err != nil {
		return err
	}
	theirs := map[string]*held{}
	for _, mode := range []string{AsynqManager, AsynqScheduler} {
		if n > asynqBears || !r.AsynqSchedulers {
			continue
		}
		h, err := r.schedulers(ctx, schedulers{mode: mode, count: 1, entries: n, queue: asynqQueue})
		if err != nil {
			return err
		}
		theirs[mode] = &h
	}
	r.addLags(n, one, several, theirs)
	return nil
}

func (r *run) addLags(n int, one, several held, theirs map[string]*held) {
	figure := func(id, label, unit string, value func(held) float64, mode string) {
		f := Figure{ID: fmt.Sprintf("schedule.%d.%s", n, id), Label: fmt.Sprintf("%d due together, %s", n, label), Unit: unit, Better: "lower"}
		if v := value(one); v >= 0 {
			f.Ours = once(v)
		}
		if h := theirs[mode]; h != nil && value(*h) >= 0 {
			f.Asynq = once(value(*h))
		}
		r.report.add(f)
	}
	lag := func(p float64) func(held) float64 {
		return func(h held) float64 { return milliseconds(lagOf(h.arrivals, n, p)) }
	}
	figure("p50", "p50 (asynq: PeriodicTaskManager)", "ms", lag(50), AsynqManager)
	figure("last", "the last (asynq: PeriodicTaskManager)", "ms", lag(100), AsynqManager)
	if theirs[AsynqScheduler] != nil {
		figure("last.scheduler", "the last (asynq: Scheduler)", "ms", lag(100), AsynqScheduler)
	}
	r.report.add(Figure{
		ID: fmt.Sprintf("schedule.%d.last.shared", n), Label: fmt.Sprintf("%d due together, the last, with %d schedulers", n, sharing), Unit: "ms", Better: "lower",
		Ours: once(milliseconds(lagOf(several.arrivals, n, 100))),
	})
	figure("memory", "memory of a scheduler", "MiB", func(h held) float64 { return h.mib }, AsynqManager)
	figure("commands", "Redis commands per tick", "", func(h held) float64 { return h.commands }, AsynqManager)
}

// doubled counts the ticks that two schedulers enqueue twice.
func (r *run) doubled(ctx context.Context, n int) error {
	ours, err := r.schedulers(ctx, schedulers{"", replicas, n, r.Timetable.Entry, r.Timetable.EntryQueue})
	if err != nil {
		return err
	}
	f := Figure{
		ID: "schedule.doubled", Label: fmt.Sprintf("ticks of %d enqueued twice by %d schedulers", n, replicas), Unit: "ticks", Better: "lower",
		Ours: once(float64(ours.tasks - n)),
	}
	if r.AsynqSchedulers && n <= asynqBears {
		theirs, err := r.schedulers(ctx, schedulers{mode: AsynqScheduler, count: replicas, entries: n, queue: asynqQueue})
		if err != nil {
			return err
		}
		f.Asynq = once(float64(theirs.tasks - n))
	}
	r.report.add(f)
	return nil
}
