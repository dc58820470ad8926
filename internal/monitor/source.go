package monitor

import (
	"context"
	"fmt"
	"net/netip"
	"sync"
	"time"

	"github.com/hashicorp/golang-lru/v2/simplelru"
	"golang.org/x/time/rate"
)

// What one source may cost. Whoever guesses passwords is slowed down to a guess in five seconds,
// and holds up nobody who comes from elsewhere.
const (
	freeFailures = 10              // failed sign-ins at once
	failureEvery = 5 * time.Second // one more after each
	maxWaiting   = 32              // sign-ins of a source that wait for their turn
)

// maxSources is of how many sources the failures are known. The one not heard of for the longest
// is forgotten first.
const maxSources = 4096

// source is where sign-ins come from. One password of it is checked at a time.
type source struct {
	waiting  chan struct{} // holds one for each sign-in that waits or is checked
	turn     chan struct{} // holds one for the sign-in that is checked
	failures *rate.Limiter // has a token for each failure that is still free
}

func newSource() *source {
	return &source{
		waiting:  make(chan struct{}, maxWaiting),
		turn:     make(chan struct{}, 1),
		failures: rate.NewLimiter(rate.Every(failureEvery), freeFailures),
	}
}

// tooMany is the error of a sign-in that is not looked at because of others from its source.
type tooMany struct {
	wait time.Duration // after which the next one is looked at
}

// Error implements error.
func (e tooMany) Error() string {
	return fmt.Sprintf("too many failed sign-ins from there: the next is looked at in %s", e.wait.Round(time.Second))
}

// enter waits until it is a sign-in's turn. The error is tooMany or that of ctx.
func (s *source) enter(ctx context.Context) (leave func(), err error) {
	if err := s.mayFail(); err != nil {
		return nil, err
	}
	select {
	case s.waiting <- struct{}{}:
	default:
		return nil, tooMany{failureEvery}
	}
	select {
	case s.turn <- struct{}{}:
		return func() { <-s.turn; <-s.waiting }, nil
	case <-ctx.Done():
		<-s.waiting
		return nil, ctx.Err()
	}
}

// mayFail returns tooMany if a failure is no longer free.
func (s *source) mayFail() error {
	missing := 1 - s.failures.Tokens()
	if missing <= 0 {
		return nil
	}
	return tooMany{time.Duration(missing*float64(failureEvery)) + time.Millisecond} // tokens are floating point
}

// fail takes note of a failure.
func (s *source) fail() { s.failures.Allow() }

// sources are what is known of those from where somebody has signed in. It is safe for concurrent
// use.
type sources struct {
	mu    sync.Mutex
	known *simplelru.LRU[netip.Addr, *source]
}

func newSources() *sources {
	known, _ := simplelru.NewLRU[netip.Addr, *source](maxSources, nil) // fails for sizes below 1
	return &sources{known: known}
}

// source returns what is known of where a sign-in comes from.
func (s *sources) source(from netip.Addr) *source {
	s.mu.Lock()
	defer s.mu.Unlock()
	if known, ok := s.known.Get(from); ok {
		return known
	}
	stranger := newSource()
	s.known.Add(from, stranger)
	return stranger
}
