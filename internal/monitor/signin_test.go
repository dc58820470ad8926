package monitor

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"
)

// countedChecks returns accounts whose hash checks are counted.
func countedChecks(checks *atomic.Int64) []account {
	return []account{{name: "rea", role: Reader, check: func(password string) bool {
		checks.Add(1)
		return password == "look"
	}}}
}

func TestAPasswordIsHashedOncePerMinute(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var checks atomic.Int64
		s := newSignIn(countedChecks(&checks))
		for range 100 {
			if role, err := s.role(t.Context(), "rea", "look"); role != Reader || err != nil {
				t.Fatalf("role %q, %v", role, err)
			}
		}
		if n := checks.Load(); n != 1 {
			t.Errorf("%d hash checks for 100 requests, want 1", n)
		}
		time.Sleep(remembered)
		_, _ = s.role(t.Context(), "rea", "look")
		if n := checks.Load(); n != 2 {
			t.Errorf("%d hash checks after a minute, want 2", n)
		}
	})
}

func TestFailuresAreNotRemembered(t *testing.T) {
	var checks atomic.Int64
	s := newSignIn(countedChecks(&checks))
	_, _ = s.role(t.Context(), "rea", "look")
	for range 3 {
		if _, err := s.role(t.Context(), "rea", "wrong"); !errors.Is(err, errWrongPassword) {
			t.Errorf("wrong password: %v", err)
		}
	}
	if n := checks.Load(); n != 4 {
		t.Errorf("%d hash checks, want 4", n)
	}
}

func TestAnUnknownUserCostsAHashCheckToo(t *testing.T) {
	var checks atomic.Int64
	s := newSignIn(countedChecks(&checks))
	for i := range 5 {
		if _, err := s.role(t.Context(), fmt.Sprintf("eve%d", i), "look"); !errors.Is(err, errWrongPassword) {
			t.Errorf("unknown user with a real user's password: %v", err)
		}
	}
	if n := checks.Load(); n != 5 {
		t.Errorf("%d hash checks, want 5", n)
	}
	if len(s.verified) != 0 {
		t.Error("an unknown user is remembered")
	}
}

func TestAFloodOfSignInsIsBounded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var running, most atomic.Int64
		release := make(chan struct{})
		s := newSignIn([]account{{name: "rea", role: Reader, check: func(string) bool {
			if n := running.Add(1); n > most.Load() {
				most.Store(n)
			}
			<-release
			running.Add(-1)
			return false
		}}})
		var busy atomic.Int64
		var all sync.WaitGroup
		for i := range 3 * maxWaiting {
			all.Go(func() {
				if _, err := s.role(t.Context(), "rea", fmt.Sprint(i)); errors.Is(err, errTooBusy) {
					busy.Add(1)
				}
			})
		}
		synctest.Wait()
		if n := busy.Load(); n != 2*maxWaiting {
			t.Errorf("%d refused at once, want %d", n, 2*maxWaiting)
		}
		close(release)
		all.Wait()
		if n := most.Load(); n != int64(cap(s.checking)) {
			t.Errorf("%d hash checks at once, want %d", n, cap(s.checking))
		}
	})
}

func TestASignInWhoseClientLeftStopsWaiting(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var checks atomic.Int64
		s := newSignIn(countedChecks(&checks))
		for range cap(s.checking) {
			s.checking <- struct{}{}
		}
		ctx, cancel := context.WithCancel(t.Context())
		got := make(chan error)
		go func() {
			_, err := s.role(ctx, "rea", "look")
			got <- err
		}()
		synctest.Wait()
		cancel()
		if err := <-got; !errors.Is(err, context.Canceled) {
			t.Errorf("error %v, want that of the context", err)
		}
		if len(s.waiting) != 0 {
			t.Error("it still counts as waiting")
		}
	})
}
