package monitor

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"
)

var here, elsewhere = netip.MustParseAddr("192.0.2.1"), netip.MustParseAddr("198.51.100.1")

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
			if a, err := s.account(t.Context(), here, "rea", "look"); a.role != Reader || err != nil {
				t.Fatalf("role %q, %v", a.role, err)
			}
		}
		if n := checks.Load(); n != 1 {
			t.Errorf("%d hash checks for 100 requests, want 1", n)
		}
		time.Sleep(remembered)
		_, _ = s.account(t.Context(), here, "rea", "look")
		if n := checks.Load(); n != 2 {
			t.Errorf("%d hash checks after a minute, want 2", n)
		}
	})
}

func TestFailuresAreNotRemembered(t *testing.T) {
	var checks atomic.Int64
	s := newSignIn(countedChecks(&checks))
	_, _ = s.account(t.Context(), here, "rea", "look")
	for range 3 {
		if _, err := s.account(t.Context(), here, "rea", "wrong"); !errors.Is(err, errWrongPassword) {
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
		if _, err := s.account(t.Context(), here, fmt.Sprintf("eve%d", i), "look"); !errors.Is(err, errWrongPassword) {
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

// slowChecks returns accounts whose hash checks take a while, and what counts them.
func slowChecks() (accounts []account, checks *atomic.Int64) {
	checks = &atomic.Int64{}
	return []account{{name: "rea", role: Reader, check: func(password string) bool {
		checks.Add(1)
		time.Sleep(hashTime)
		return password == "look"
	}}}, checks
}

const hashTime = 250 * time.Millisecond

// TestGuessingHoldsUpNobodyElse has one source guess as fast as it can for half a minute.
func TestGuessingHoldsUpNobodyElse(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		accounts, checks := slowChecks()
		s := newSignIn(accounts)
		ctx, stop := context.WithTimeout(t.Context(), 30*time.Second)
		defer stop()
		var all sync.WaitGroup
		for i := range 100 {
			all.Go(func() {
				for n := 0; ctx.Err() == nil; n++ {
					_, _ = s.account(ctx, here, "rea", fmt.Sprint(i, n))
					time.Sleep(10 * time.Millisecond)
				}
			})
		}
		time.Sleep(100 * time.Millisecond)
		began := time.Now()
		if a, err := s.account(ctx, elsewhere, "rea", "look"); a.role != Reader || err != nil {
			t.Errorf("a reader from elsewhere: %q, %v", a.role, err)
		}
		if took := time.Since(began); took > 2*hashTime {
			t.Errorf("the reader waited %s, want no longer than the check under way and their own, %s", took, 2*hashTime)
		}
		all.Wait()
		// Ten are free, then one in five seconds. One is the reader's.
		if n := checks.Load(); n < 16 || n > 18 {
			t.Errorf("%d hash checks in 30s, want 10 at once, one more every 5s, and the reader's", n)
		}
	})
}

func TestASourceIsHeardAgainAfterAWhile(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		accounts, _ := slowChecks()
		s := newSignIn(accounts)
		for range freeFailures {
			if _, err := s.account(t.Context(), here, "rea", "wrong"); !errors.Is(err, errWrongPassword) {
				t.Fatalf("a free failure: %v", err)
			}
		}
		var many tooMany
		if _, err := s.account(t.Context(), here, "rea", "look"); !errors.As(err, &many) || many.wait <= 0 || many.wait > failureEvery {
			t.Fatalf("one more: %v", err)
		}
		time.Sleep(many.wait)
		if a, err := s.account(t.Context(), here, "rea", "look"); a.role != Reader || err != nil {
			t.Errorf("after %s: %q, %v", many.wait, a.role, err)
		}
	})
}

func TestWhoIsSignedInIsNotHeldUpByFailuresFromTheirAddress(t *testing.T) {
	accounts, _ := slowChecks()
	s := newSignIn(accounts)
	_, _ = s.account(t.Context(), here, "rea", "look")
	s.source(here).failures.AllowN(time.Now(), freeFailures)
	if a, err := s.account(t.Context(), here, "rea", "look"); a.role != Reader || err != nil {
		t.Errorf("role %q, %v", a.role, err)
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
		var refused atomic.Int64
		var all sync.WaitGroup
		for source := range 10 {
			for i := range 2 * maxWaiting {
				all.Go(func() {
					from := netip.AddrFrom4([4]byte{192, 0, 2, byte(source)})
					if _, err := s.account(t.Context(), from, "rea", fmt.Sprint(i)); errors.As(err, &tooMany{}) {
						refused.Add(1)
					}
				})
			}
		}
		synctest.Wait()
		if n := refused.Load(); n != 10*maxWaiting {
			t.Errorf("%d refused at once, want %d", n, 10*maxWaiting)
		}
		close(release)
		all.Wait()
		if n := most.Load(); n != int64(cap(s.checking)) {
			t.Errorf("%d hash checks at once, want %d", n, cap(s.checking))
		}
	})
}

func TestOnlySoManySourcesAreKnown(t *testing.T) {
	s := newSignIn(countedChecks(new(atomic.Int64)))
	for i := range 2 * maxSources {
		s.source(netip.AddrFrom4([4]byte{10, 0, byte(i >> 8), byte(i)}))
	}
	if n := s.known.Len(); n != maxSources {
		t.Errorf("%d sources are known, want %d", n, maxSources)
	}
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
			_, err := s.account(ctx, here, "rea", "look")
			got <- err
		}()
		synctest.Wait()
		cancel()
		if err := <-got; !errors.Is(err, context.Canceled) {
			t.Errorf("error %v, want that of the context", err)
		}
		if from := s.source(here); len(from.waiting) != 0 || len(from.turn) != 0 {
			t.Error("it still counts as waiting")
		}
	})
}
