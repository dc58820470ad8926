package faults

import (
	"fmt"
	"syscall"
	"time"

	"switchyard/test/redistest"
)

// recovery is how long schedulers may take to go on after a fault: until the claims of
// those that are gone lapse, and until those that could not reach Redis try again.
const recovery = claimLease + 5*time.Second

// schedulers is the fleet of them on a rig, and what happened to it. Its methods belong
// to the test's goroutine.
type schedulers struct {
	*rig
	slots   []*process
	paused  map[*process]time.Time // since when
	started int
	tally   map[fault]int
	faults  []span
	ticks   map[string]int // by outcome, as far as they were told
	old     string         // the release of those in odd slots, "" for this one
}

// newSchedulers starts n schedulers on a rig.
func newSchedulers(r *rig, n int) *schedulers { return newSchedulersWith(r, n, "") }

// newSchedulersWith starts n schedulers, every other one of a release.
func newSchedulersWith(r *rig, n int, old string) *schedulers {
	r.t.Helper()
	s := &schedulers{
		old: old, rig: r, slots: make([]*process, n), paused: map[*process]time.Time{}, tally: map[fault]int{}, ticks: map[string]int{},
	}
	for slot := range n {
		s.start(slot)
	}
	return s
}

// start starts a scheduler in a slot.
func (s *schedulers) start(slot int) {
	s.t.Helper()
	s.started++
	o := s.order
	o.Schedules, o.Name = true, fmt.Sprintf("s%d", s.started)
	if slot%2 == 1 {
		o.program = s.old
	}
	s.slots[slot] = startProcess(s.t, s.ledger, o)
}

// suffer has the strikes happen, each in its time or, on a machine that is too slow for
// that, as soon as the one before it is done.
func (s *schedulers) suffer(strikes []strike, redis *redistest.Process) {
	s.t.Helper()
	began := time.Now().Truncate(time.Second).Add(time.Second)
	for _, x := range strikes {
		p := s.slots[x.slot]
		if x.fault == kill {
			s.countTicks(p) // while it can tell
		}
		time.Sleep(time.Until(began.Add(x.at)))
		switch x.fault {
		case kill:
			s.kill(x.slot)
		case pause:
			s.pause(p)
		case resume:
			s.resume(p)
		case restart:
			s.tally[restart]++
			from := time.Now()
			s.restart(redis, x.lasts)
			s.harmed(from)
		}
	}
	for _, p := range s.slots {
		s.resume(p)
	}
}

// harmed notes a fault since a moment until now. It takes its time to get over it.
func (s *schedulers) harmed(from time.Time) {
	s.faults = append(s.faults, span{from, time.Now().Add(recovery)})
}

func (s *schedulers) kill(slot int) {
	s.t.Helper()
	p, from := s.slots[slot], time.Now()
	p.kill()
	delete(s.paused, p)
	s.tally[kill]++
	s.start(slot)
	s.harmed(from)
}

// pause has a scheduler stand still in whatever it does.
func (s *schedulers) pause(p *process) {
	s.t.Helper()
	if _, ok := s.paused[p]; ok {
		return
	}
	s.signal(p, syscall.SIGSTOP)
	s.paused[p] = time.Now()
	s.tally[pause]++
}

// resume has a paused scheduler go on as if nothing had happened.
func (s *schedulers) resume(p *process) {
	s.t.Helper()
	since, ok := s.paused[p]
	if !ok {
		return
	}
	s.signal(p, syscall.SIGCONT)
	delete(s.paused, p)
	s.harmed(since)
}

func (s *schedulers) signal(p *process, what syscall.Signal) {
	s.t.Helper()
	if err := p.cmd.Process.Signal(what); err != nil {
		s.t.Fatalf("%s to %s: %v", what, p.name, err)
	}
}
