package daemon

import (
	"context"
	"errors"
	"sync"
	"time"
)

// Readiness remembers what the checks of a daemon have said last, so that whoever tells how the daemon
// does need not run again what a probe has just run. It is safe for concurrent use.
type Readiness struct {
	checks []Check // as they were given

	mu    sync.Mutex
	heard []heard // by the place of the check
}

// heard is what a check has said, and when.
type heard struct {
	at  time.Time
	err error
}

// NewReadiness returns the readiness that checks make.
func NewReadiness(checks []Check) *Readiness {
	return &Readiness{checks: checks, heard: make([]heard, len(checks))}
}

// Checks returns the checks, for probes: what they say is remembered. None waits for another.
func (r *Readiness) Checks() []Check {
	all := make([]Check, len(r.checks))
	for i, c := range r.checks {
		all[i] = Check{c.Name, func(ctx context.Context) error { return r.run(ctx, i) }}
	}
	return all
}

func (r *Readiness) run(ctx context.Context, i int) error {
	err := r.checks[i].Test(ctx)
	if errors.Is(ctx.Err(), context.Canceled) {
		return err // whoever has asked is gone: that says nothing of the daemon
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.heard[i] = heard{time.Now(), err}
	return err
}

// Failed is a check that does not hold, and why.
type Failed struct {
	Name string
	Err  error
}

// holdsFor is how old what a check has said may be while it held: of five hundred daemons each check
// asks Redis something.
const holdsFor = 14 * time.Second

// Failing returns the checks that do not hold. It runs those that nobody has run since a time ago, within
// two seconds, and those that held then every 14 seconds.
func (r *Readiness) Failing(ctx context.Context, since time.Duration) []Failed {
	ctx, cancel := context.WithTimeout(ctx, checkTimeout)
	defer cancel()
	var failed []Failed
	for i, c := range r.checks {
		r.mu.Lock()
		last := r.heard[i]
		r.mu.Unlock()
		again := since
		if last.err == nil {
			again = max(since, holdsFor)
		}
		if last.at.IsZero() || time.Since(last.at) >= again {
			last.err = r.run(ctx, i)
		}
		if last.err != nil {
			failed = append(failed, Failed{c.Name, last.err})
		}
	}
	return failed
}
