package schedule

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"
)

// stalledAfter is how long an engine may go without ending a round, or a claim within one,
// until it is not ready any more. Both take seconds at the worst.
const stalledAfter = 30 * time.Second

// pulse is the sign of life of an engine's work: whether it still gets anything done, and
// whether the last round failed. It is safe for concurrent use.
type pulse struct {
	mu   sync.Mutex
	last time.Time // when something was done; zero: not begun
	err  error     // of the last round
}

// beat notes that a claim was dealt with.
func (p *pulse) beat() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.last = time.Now()
}

// ended notes the end of a round.
func (p *pulse) ended(err error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.last, p.err = time.Now(), err
}

// Check reports why the engine does not enqueue what is due: it does not run, its last
// round failed, or no round has ended for 30 seconds. It asks nobody, so that it answers
// at once whatever the engine hangs on.
func (e *Engine) Check(context.Context) error {
	e.pulse.mu.Lock()
	defer e.pulse.mu.Unlock()
	idle := time.Since(e.pulse.last)
	switch {
	case e.pulse.last.IsZero():
		return errors.New("no round has begun yet")
	case e.pulse.err != nil:
		return fmt.Errorf("the last round failed: %w", e.pulse.err)
	case idle > stalledAfter:
		return fmt.Errorf("no round has ended for %s: nothing is enqueued: restart this scheduler, others go on meanwhile", idle.Round(time.Second))
	}
	return nil
}
