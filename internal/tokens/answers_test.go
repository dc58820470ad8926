package tokens

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"switchyard/test/redistest"
)

// slow holds scripts back until it is released.
type slow struct {
	counting
	held    chan struct{} // closed once one is
	release chan struct{}
	once    sync.Once
}

func (h *slow) ProcessHook(next redis.ProcessHook) redis.ProcessHook {
	next = h.counting.ProcessHook(next)
	return func(ctx context.Context, cmd redis.Cmder) error {
		h.once.Do(func() { close(h.held) })
		<-h.release
		return next(ctx, cmd)
	}
}

// openSlow returns a store on a Redis that is slow from now on, with a token that it has verified.
func openSlow(t *testing.T) (s *Store, c *clock, h *slow, text string) {
	client := redistest.Client(t, redistest.Mini(t).Addr())
	s, c = open(client)
	text, _ = mustMake(t, s, New{Name: "a", Scopes: scopes(t, "admin")})
	wants(t, s, text, nil)
	c.advance(time.Second)
	h = &slow{held: make(chan struct{}), release: make(chan struct{})}
	client.AddHook(h)
	return s, c, h, text
}

func TestASlowRedisIsAskedOnceForAllRequestsThatWait(t *testing.T) {
	s, _, h, text := openSlow(t)
	var begun atomic.Int32
	var all sync.WaitGroup
	for range 100 {
		all.Go(func() {
			if begun.Add(1) == 100 {
				defer close(h.release)
				<-h.held
				return
			}
			wants(t, s, text, nil)
		})
	}
	all.Wait()
	if len(h.sent) != 1 {
		t.Errorf("Redis was asked %d times", len(h.sent))
	}
}

func TestAQuestionFromBeforeASecondIsAskedAgain(t *testing.T) {
	s, c, h, text := openSlow(t)
	var all sync.WaitGroup
	all.Go(func() { wants(t, s, text, nil) })
	<-h.held
	c.advance(time.Second)
	all.Go(func() { wants(t, s, text, nil) })
	close(h.release)
	all.Wait()
	if len(h.sent) != 2 {
		t.Errorf("Redis was asked %d times, want 2", len(h.sent))
	}
}

func TestARequestThatGivesUpWaitsNoLonger(t *testing.T) {
	s, _, h, text := openSlow(t)
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() {
		_, err := s.Verify(ctx, text)
		ended <- err
	}()
	<-h.held
	cancel()
	if err := <-ended; !errors.Is(err, context.Canceled) || errors.Is(err, ErrRefused) {
		t.Errorf("says %v", err)
	}
	close(h.release)
	wants(t, s, text, nil) // the answer is there, or shared
	if len(h.sent) != 1 {
		t.Errorf("Redis was asked %d times", len(h.sent))
	}
}
