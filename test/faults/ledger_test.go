package faults

import (
	"slices"
	"sync"
	"time"
)

// ending is how an attempt was closed.
type ending string

const (
	open   ending = ""
	ended  ending = "ended"
	cut    ending = "cut"
	broken ending = "broken"
)

// attempt is one run of a handler, as the record has it.
type attempt struct {
	number int // from 1, in order of beginning
	task   string
	worker string
	began  time.Time
	ending ending
	closed time.Time
	cause  string // of a cut
}

// ledger is the record of all attempts. It is safe for concurrent use.
type ledger struct {
	mu          sync.Mutex
	attempts    []attempt
	begun, done map[string]bool   // tasks
	addresses   map[string]string // of workers' endpoints
	changed     chan struct{}     // closed and replaced at each change
}

func newLedger() *ledger {
	return &ledger{begun: map[string]bool{}, done: map[string]bool{}, addresses: map[string]string{}, changed: make(chan struct{})}
}

// change applies f and tells those who wait.
func (l *ledger) change(f func()) {
	l.mu.Lock()
	defer l.mu.Unlock()
	f()
	close(l.changed)
	l.changed = make(chan struct{})
}

func (l *ledger) begin(worker, task string) (number int) {
	l.change(func() {
		number = len(l.attempts) + 1
		l.attempts = append(l.attempts, attempt{number: number, task: task, worker: worker, began: time.Now()})
		l.begun[task] = true
	})
	return number
}

func (l *ledger) close(number int, how ending, cause string) {
	l.change(func() {
		a := &l.attempts[number-1]
		a.ending, a.closed, a.cause = how, time.Now(), cause
		if how == ended {
			l.done[a.task] = true
		}
	})
}

func (l *ledger) greet(worker, address string) {
	l.change(func() { l.addresses[worker] = address })
}

// await returns true once ok holds, or false if nothing at all is recorded for as long
// as patience. ok is called with the ledger locked.
func (l *ledger) await(patience time.Duration, ok func() bool) bool {
	for {
		l.mu.Lock()
		holds, changed := ok(), l.changed
		l.mu.Unlock()
		if holds {
			return true
		}
		select {
		case <-changed:
		case <-time.After(patience):
			return false
		}
	}
}

// performs tells whether a worker is at an attempt. The ledger is locked.
func (l *ledger) performs(worker string) bool {
	return slices.ContainsFunc(l.attempts, func(a attempt) bool { return a.worker == worker && a.ending == open })
}

// all returns the attempts so far.
func (l *ledger) all() []attempt {
	l.mu.Lock()
	defer l.mu.Unlock()
	return slices.Clone(l.attempts)
}
