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

// health tells whether a lane or a caretaker reaches the Redis of its queue. It says in the log when
// that is lost and when it is back, once each. It is safe for concurrent use.
type health struct {
	log  *zap.Logger
	idle string // what does not happen without Redis
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

func newHealth(log *zap.Logger, idle string) *health {
	return &health{log: log, idle: idle, steady: time.Now()}
}

// failed notes that Redis could not be asked, or refused. It reports whether the fault is the
// question's, which says nothing about Redis.
func (h *health) failed(err error) (fault bool) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if cache.IsFinal(err) && !cache.IsDenied(err) {
		h.blame(err)
		return true
	}
	if h.lost.Load() {
		return false
	}
	h.lost.Store(true)
	h.back, h.why = make(chan struct{}), err
	if h.said.CompareAndSwap(false, true) {
		h.since = time.Now()
		h.log.Error(h.lossOf(err), zap.Error(err))
	}
	return false
}

// lossOf says what is wrong with a Redis that gave an error.
func (h *health) lossOf(err error) string {
	switch {
	case cache.IsDenied(err):
		return "redis denies its user a right: " + h.idle + " until it is granted"
	case isRefusal(err):
		return "redis refuses writes: " + h.idle + " until it takes them again"
	}
	return "redis lost: " + h.idle + " until it is back"
}

// blameAgainAfter is how long a fault that is met again is held back.
const blameAgainAfter = 30 * time.Second

// blame says what Redis could not make sense of.
func (h *health) blame(err error) {
	if text := err.Error(); text != h.blamed || time.Since(h.blamedAt) >= blameAgainAfter {
		h.blamed, h.blamedAt = text, time.Now()
		h.log.Error("redis cannot do what it is asked", zap.Error(err))
	}
}

// isRefusal reports whether Redis has answered that it takes no writes now.
func isRefusal(err error) bool {
	var answered redis.Error
	return errors.As(err, &answered)
}

// check reports why Redis cannot be worked with, nil if it can.
func (h *health) check() error {
	h.mu.Lock()
	defer h.mu.Unlock()
	if !h.lost.Load() {
		return nil
	}
	return fmt.Errorf("%s since %s: %w", h.idle, h.since.UTC().Format(time.RFC3339), h.why)
}

// calmAfter is how long Redis must have answered before it is said to be back. What was
// asked of it before may still fail after the first answer, one connection at a time.
const calmAfter = 2 * time.Second

// reached notes that Redis has answered.
func (h *health) reached() {
	if !h.said.Load() {
		return
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.lost.CompareAndSwap(true, false) {
		h.steady = time.Now()
		close(h.back)
		return
	}
	if time.Since(h.steady) >= calmAfter && h.said.CompareAndSwap(true, false) {
		h.log.Warn("redis is back", zap.Duration("away", h.steady.Sub(h.since).Round(time.Millisecond)))
	}
}

// jumped notes that Redis's clock is not what it was: for a while no lease tells when it
// was renewed.
func (h *health) jumped() {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.steady = time.Now()
}

// steadyAfter is how long Redis must have been within reach before a lane believes that
// who has not renewed a lease is gone, and not just waiting for Redis as it was.
const steadyAfter = 5 * time.Second

// isSteady reports whether Redis has been within reach, its clock in order, for long
// enough.
func (h *health) isSteady() bool {
	if h.lost.Load() {
		return false
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	return time.Since(h.steady) >= steadyAfter
}

// await returns when Redis is within reach or ctx ends.
func (h *health) await(ctx context.Context) {
	h.mu.Lock()
	lost, back := h.lost.Load(), h.back
	h.mu.Unlock()
	if !lost {
		return
	}
	select {
	case <-back:
	case <-ctx.Done():
	}
}
