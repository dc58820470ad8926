package queue

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"switchyard/internal/queue/format"
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

// renewWithin bounds one renewal, so that several fit before the fence.
const renewWithin = 2 * time.Second

// Causes of the context of a handler whose task another worker may have.
var (
	// ErrFenced means that the lease could not be renewed: Redis was out of reach.
	ErrFenced = errors.New("lease not renewed for 10s: redis out of reach, another worker may take the task")
	// ErrLeaseLost means that another worker has taken the task, or somebody removed it.
	ErrLeaseLost = errors.New("lease lost: another worker has the task")
)

// lease is a lane's right to one task, from taking it to acknowledging it.
type lease struct {
	queue, id string
	losses    int    // how many workers the task was lost with before
	run       string // the same for all attempts at this task, and no other
	user      string // who has a turn for it, "" where there are none

	mark     uint32        // the fraction of its score in Redis, which tells whose it is
	lost     chan struct{} // closed when it is somebody else's
	lostOnce sync.Once

	// What follows is guarded by the mutex of its leases.
	renewed time.Time // before the renewal was sent
	ending  ending
}

// ending is what an attempt's end asks for.
type ending struct {
	giveBack bool      // it ended by losing its right to the task
	parked   bool      // the task is set aside
	retryAt  time.Time // zero if asynq decides, for an attempt that it ended
}

type leaseKey struct{ queue, id string }

// leases are all that a lane holds.
type leases struct {
	safe time.Duration // how long after its renewal a lease is surely ours
	mu   sync.Mutex
	held map[leaseKey]*lease
}

func newLeases() *leases { return &leases{safe: fenceAfter, held: make(map[leaseKey]*lease)} }

func (s *leases) add(h *lease) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.held[leaseKey{h.queue, h.id}] = h
}

func (s *leases) get(queue, id string) *lease {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.held[leaseKey{queue, id}]
}

// drop ends h, unless the task is held anew.
func (s *leases) drop(h *lease) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if key := (leaseKey{h.queue, h.id}); s.held[key] == h {
		delete(s.held, key)
	}
}

func (s *leases) count() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.held)
}

// safeFor returns how long nobody else may take the task of h. It is negative once the
// handler must have stopped.
func (s *leases) safeFor(h *lease) time.Duration {
	s.mu.Lock()
	defer s.mu.Unlock()
	return time.Until(h.renewed.Add(s.safe))
}

// decide keeps what an attempt's end asks for.
func (s *leases) decide(h *lease, e ending) {
	s.mu.Lock()
	defer s.mu.Unlock()
	h.ending = e
}

// decided returns what was kept by decide.
func (s *leases) decided(h *lease) ending {
	s.mu.Lock()
	defer s.mu.Unlock()
	return h.ending
}

// of returns a queue's leases, and their ids and marks as the scripts take them.
func (s *leases) of(queue string) (args []any, owned []*lease) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for key, h := range s.held {
		if key.queue == queue {
			args, owned = append(args, h.id, h.mark), append(owned, h)
		}
	}
	return args, owned
}

// renewed notes what a renewal sent at the time sent has brought.
func (s *leases) renewed(owned []*lease, sent time.Time, lost []string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, h := range owned {
		if slices.Contains(lost, h.id) {
			h.lostOnce.Do(func() { close(h.lost) })
		} else {
			h.renewed = sent
		}
	}
}

// keepLeases renews what the lane holds until ctx ends.
func (l *Lane) keepLeases(ctx context.Context) {
	for {
		pause := renewEvery
		for queue := range l.sources {
			if err := l.renew(ctx, queue); err != nil {
				l.contact.failed(err)
				pause = retryEvery
			}
		}
		if !sleep(ctx, pause) {
			return
		}
	}
}

// maxRenewed bounds what one script renews.
const maxRenewed = 500

func (l *Lane) renew(ctx context.Context, queue string) error {
	args, owned := l.leases.of(queue)
	for len(owned) > 0 {
		n := min(len(owned), maxRenewed)
		sent := time.Now()
		call, cancel := context.WithTimeout(ctx, renewWithin)
		lost, err := renewScript.Run(call, l.redis, []string{format.Key(queue, "lease")}, append([]any{leaseTerm.Seconds()}, args[:2*n]...)...).StringSlice()
		cancel()
		if err != nil {
			return fmt.Errorf("renew leases: %w", err)
		}
		l.contact.reached()
		l.leases.renewed(owned[:n], sent, lost)
		args, owned = args[2*n:], owned[n:]
	}
	return nil
}
