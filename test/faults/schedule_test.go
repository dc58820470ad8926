package faults

import (
	"testing"
	"time"

	"switchyard/internal/schedule"
)

func TestEveryTickIsEnqueuedOnceWhateverHappensToSchedulers(t *testing.T) {
	t.Parallel()
	redis := server(t)
	r := newRig(t, 2, "redis://"+redis.Addr, "redis://"+redis.Addr)
	s := newSchedulers(r, 5)
	entries, seconds := either(400, 60), either(180, 12)

	table := drawTimetable(r.random, entries, r.now(), time.Duration(seconds)*time.Second)
	from := s.put(table)
	s.suffer(drawStrikes(r.random, seconds, len(s.slots), either(2, 1)), redis)
	until := r.now()

	s.finish(table, span{from, until})
	if *full && s.ticks[string(schedule.Duplicate)] == 0 {
		t.Errorf("no scheduler has come too late with a tick: the run proves little, -seed=%d", *seed)
	}
}

// now returns the time of Redis, which is the schedule's.
func (r *rig) now() time.Time {
	r.t.Helper()
	now, err := r.system.Redis.Time(r.t.Context()).Result()
	if err != nil {
		r.t.Fatal(err)
	}
	return now
}

// put adds the entries of a timetable and returns the moment from which each is due.
func (s *schedulers) put(table map[string]line) time.Time {
	s.t.Helper()
	var entries []schedule.Entry
	for _, l := range table {
		entries = append(entries, l.entry)
	}
	if _, err := s.system.Schedule.PutAll(s.t.Context(), entries, schedule.PutOptions{}); err != nil {
		s.t.Fatal(err)
	}
	return s.now().Add(1)
}

// finish lets the schedulers make up for what they missed in the window, stops
// everything, and judges the ticks that ran.
func (s *schedulers) finish(table map[string]line, window span) {
	s.t.Helper()
	missing := s.awaitTicks(table, window)
	for _, p := range s.slots {
		s.countTicks(p)
	}
	s.stop(s.slots)
	if err := eventually(patience, s.empty); err != nil {
		s.t.Errorf("the queues are not empty %v", err)
	}
	s.stop(s.workers)
	sum, err := judgeTicks(table, s.ledger.all(), window, s.faults)
	if err != nil {
		s.t.Errorf("the schedule did not keep its promise, -seed=%d:\n%v", *seed, firstLines(err, 20))
	}
	if n := s.countTasks(); n > 0 {
		s.t.Errorf("%d tasks are still in Redis: while they are, their ticks cannot be enqueued again anyway", n)
	}
	s.t.Logf("%d entries, %d ticks due and %d run in %s, %d of them still missing for %s; %d left out; %v; told by schedulers: %v",
		len(table), sum.due, sum.ran, window.to.Sub(window.from).Round(time.Second), missing, patience, sum.leftOut, s.tally, s.ticks)
}

// awaitTicks returns once every tick of the window that may not be left out has run, or
// nothing more of them does.
func (s *schedulers) awaitTicks(table map[string]line, window span) (missing int) {
	due := map[string]bool{}
	for id, l := range table {
		if l.skips() {
			continue
		}
		for _, tick := range l.ticks(window.from, window.to) {
			due[tickID(id, tick)] = true
		}
	}
	for still := len(due) + 1; len(due) < still && len(due) > 0; {
		still = len(due)
		_ = eventually(patience, func() bool {
			for _, a := range s.ledger.all() {
				if a.ending == ended {
					delete(due, a.task)
				}
			}
			return len(due) < still
		})
	}
	return len(due)
}
