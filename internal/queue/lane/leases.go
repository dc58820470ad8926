package lane

import (
	"context"
	"slices"
	"sync"
	"time"
)

// The times of a lease, which must stay in this order: an owner that cannot renew stops
// its handler before anybody may take the task for lost.
const (
	leaseTerm  = 30 * time.Second // asynq's; a lease's score is its end
	renewEvery = 3 * time.Second
	fenceAfter = 10 * time.Second // without renewal, the handler is cancelled
	lostAfter  = 12 * time.Second // without renewal, the task goes to another worker
)

type leaseKey struct{ queue, id string }

// leases are the tasks that a lane holds: from taking each to acknowledging it.
type leases struct {
	safe  time.Duration // how long after its renewal a lease is surely ours
	mu    sync.Mutex
	held  map[leaseKey]*attempt
	empty chan struct{} // closed when none is held, for whoever waits for that
}

func newLeases() *leases { return &leases{safe: fenceAfter, held: make(map[leaseKey]*attempt)} }

func (s *leases) add(a *attempt) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.held[leaseKey{a.source.queue, a.id}] = a
}

// drop gives up the tasks of endings, unless they are held anew.
func (s *leases) drop(ends []*ending) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, e := range ends {
		if key := (leaseKey{e.attempt.source.queue, e.attempt.id}); s.held[key] == e.attempt {
			delete(s.held, key)
		}
	}
	if len(s.held) == 0 && s.empty != nil {
		close(s.empty)
		s.empty = nil
	}
}

// await returns once none is held, or ctx ends.
func (s *leases) await(ctx context.Context) {
	s.mu.Lock()
	if len(s.held) == 0 {
		s.mu.Unlock()
		return
	}
	if s.empty == nil {
		s.empty = make(chan struct{})
	}
	empty := s.empty
	s.mu.Unlock()
	select {
	case <-empty:
	case <-ctx.Done():
	}
}

// find returns what is held under an ID, of any queue.
func (s *leases) find(id string) []*attempt {
	return s.those(func(a *attempt) bool { return a.id == id })
}

// of returns what is held of a queue.
func (s *leases) of(from *source) []*attempt {
	return s.those(func(a *attempt) bool { return a.source == from })
}

// each calls do with all that is held.
func (s *leases) each(do func(*attempt)) {
	for _, a := range s.those(func(*attempt) bool { return true }) {
		do(a)
	}
}

func (s *leases) those(match func(*attempt) bool) []*attempt {
	s.mu.Lock()
	defer s.mu.Unlock()
	var found []*attempt
	for _, a := range s.held {
		if match(a) {
			found = append(found, a)
		}
	}
	return found
}

// renewed notes what a renewal sent at the time sent has brought, and returns those lost.
func (s *leases) renewed(held []*attempt, sent time.Time, lost []string) []*attempt {
	s.mu.Lock()
	defer s.mu.Unlock()
	var gone []*attempt
	for _, a := range held {
		if slices.Contains(lost, a.id) {
			gone = append(gone, a)
		} else {
			a.renewed = sent
		}
	}
	return gone
}

// held reports why another worker may have the task, nil if none has.
func (a *attempt) held() error {
	s := a.lane.leases
	s.mu.Lock()
	safe := time.Since(a.renewed) < s.safe
	s.mu.Unlock()
	if !safe {
		a.stop(ErrFenced, cutOffGrace)
		return ErrFenced
	}
	return nil
}

// unsafe returns what another worker may take, as it was not renewed for too long.
func (s *leases) unsafe() []*attempt {
	return s.those(func(a *attempt) bool { return time.Since(a.renewed) >= s.safe })
}
