package lane

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"github.com/redis/go-redis/v9"
	"go.uber.org/zap"

	"switchyard/internal/cache"
)

// contact knows whether a lane reaches the Redis of its queue. It says in the log when
// that is lost and when it is back, once each. It is safe for concurrent use.
type contact struct {
	log  *zap.Logger
	lost atomic.Bool
	said atomic.Bool // that it is lost, and not yet that it is back

	mu    sync.Mutex
	since time.Time // of the loss that was said
	why   error     // of the last loss

	blamed   string // the fault that was said last
	blamedAt time.Time
	steady   time.Time     // since when owners of leases had the time to renew them
	back     chan struct{} // closed when it is back
}

func newContact(log *zap.Logger) *contact {
	return &contact{log: log, steady: time.Now()}
}

// failed notes that Redis could not be asked, or refused. It reports whether the fault is the
// question's, which says nothing about Redis.
func (c *contact) failed(err error) (fault bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if cache.IsFinal(err) && !cache.IsDenied(err) {
		c.blame(err)
		return true
	}
	if c.lost.Load() {
		return false
	}
	c.lost.Store(true)
	c.back, c.why = make(chan struct{}), err
	if c.said.CompareAndSwap(false, true) {
		c.since = time.Now()
		c.log.Error(lossOf(err), zap.Error(err))
	}
	return false
}

// lossOf says what is wrong with a Redis that gave an error.
func lossOf(err error) string {
	switch {
	case cache.IsDenied(err):
		return "redis denies its user a right: no task is taken until it is granted"
	case isRefusal(err):
		return "redis refuses writes: no task is taken until it takes them again"
	}
	return "redis lost: no task is taken until it is back"
}

// blameAgainAfter is how long a fault that is met again is held back.
const blameAgainAfter = 30 * time.Second

// blame says what Redis could not make sense of.
func (c *contact) blame(err error) {
	if text := err.Error(); text != c.blamed || time.Since(c.blamedAt) >= blameAgainAfter {
		c.blamed, c.blamedAt = text, time.Now()
		c.log.Error("redis cannot do what it is asked", zap.Error(err))
	}
}

// isRefusal reports whether Redis has answered that it takes no writes now.
func isRefusal(err error) bool {
	var answered redis.Error
	return errors.As(err, &answered)
}

// check reports why Redis cannot be worked with, nil if it can.
func (c *contact) check() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if !c.lost.Load() {
		return nil
	}
	return fmt.Errorf("no task is taken since %s: %w", c.since.UTC().Format(time.RFC3339), c.why)
}

// calmAfter is how long Redis must have answered before it is said to be back. What was
// asked of it before may still fail after the first answer, one connection at a time.
const calmAfter = 2 * time.Second

// reached notes that Redis has answered.
func (c *contact) reached() {
	if !c.said.Load() {
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.lost.CompareAndSwap(true, false) {
		c.steady = time.Now()
		close(c.back)
		return
	}
	if time.Since(c.steady) >= calmAfter && c.said.CompareAndSwap(true, false) {
		c.log.Warn("redis is back", zap.Duration("away", c.steady.Sub(c.since).Round(time.Millisecond)))
	}
}

// jumped notes that Redis's clock is not what it was: for a while no lease tells when it
// was renewed.
func (c *contact) jumped() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.steady = time.Now()
}

// steadyAfter is how long Redis must have been within reach before a lane believes that
// who has not renewed a lease is gone, and not just waiting for Redis as it was.
const steadyAfter = 5 * time.Second

// isSteady reports whether Redis has been within reach, its clock in order, for long
// enough.
func (c *contact) isSteady() bool {
	if c.lost.Load() {
		return false
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	return time.Since(c.steady) >= steadyAfter
}

// await returns when Redis is within reach or ctx ends.
func (c *contact) await(ctx context.Context) {
	c.mu.Lock()
	lost, back := c.lost.Load(), c.back
	c.mu.Unlock()
	if !lost {
		return
	}
	select {
	case <-back:
	case <-ctx.Done():
	}
}
