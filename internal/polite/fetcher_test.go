package polite

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"sync"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"
	"go.uber.org/goleak"

	"switchyard/internal/hosts"
	"switchyard/internal/web"
	"switchyard/internal/web/robots"
	"switchyard/test/redistest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// newFetcher returns a fetcher as a worker has it, with robots.txt and this rule for all hosts.
func newFetcher(t *testing.T, client redis.UniversalClient, rule hosts.Rule) *Fetcher {
	t.Helper()
	f := web.NewFetcher(web.Options{AllowPrivate: true})
	t.Cleanup(f.Close)
	return &Fetcher{
		Web: f, Turns: hosts.NewTurns(client, "switchyard:", time.Minute), Policy: hosts.Policy{Rule: rule},
		Robots: robots.NewKeeper(client, "switchyard:", "Switchyard/1.0", f, time.Now),
	}
}

// site is a server that notes what it is asked for, when, and how much at once.
type site struct {
	*httptest.Server

	mu      sync.Mutex
	robots  string
	answer  http.HandlerFunc
	asked   []string
	began   []time.Time
	now     int
	highest int
}

func newSite(t *testing.T, answer http.HandlerFunc) *site {
	t.Helper()
	s := &site{answer: answer}
	s.Server = httptest.NewServer(s)
	t.Cleanup(s.Close)
	return s
}

func (s *site) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if r.URL.Path == "/robots.txt" {
		_, _ = fmt.Fprint(w, s.robots)
		return
	}
	s.mu.Lock()
	s.asked, s.began = append(s.asked, r.URL.Path), append(s.began, time.Now())
	s.now++
	s.highest = max(s.highest, s.now)
	s.mu.Unlock()
	s.answer(w, r)
	s.mu.Lock()
	s.now--
	s.mu.Unlock()
}

func (s *site) pages() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.asked)
}

func words(w http.ResponseWriter, _ *http.Request) { _, _ = fmt.Fprint(w, "words") }

// persist fetches a page as a task does that is put back, and returns how often it was.
func persist(ctx context.Context, f *Fetcher, task, url string) (int, error) {
	for back := 0; ; back++ {
		_, err := f.Fetch(ctx, task, web.Request{URL: url})
		var later interface{ After() time.Duration }
		if !errors.As(err, &later) {
			return back, err
		}
		select {
		case <-time.After(later.After()):
		case <-ctx.Done():
			return back, context.Cause(ctx)
		}
	}
}

func TestTwoWorkersTogetherKeepTheLimitsOfAHost(t *testing.T) {
	redistest.Together(t, func(t *testing.T, client redis.UniversalClient) {
		const spacing, n = 60 * time.Millisecond, 24
		s := newSite(t, func(w http.ResponseWriter, r *http.Request) {
			time.Sleep(150 * time.Millisecond) // a page takes longer than the spacing
			words(w, r)
		})
		rule := hosts.Rule{Spacing: spacing, Concurrency: 2}
		workers := []*Fetcher{newFetcher(t, client, rule), newFetcher(t, client, rule)}
		var all sync.WaitGroup
		began := time.Now()
		for i := range n {
			all.Go(func() {
				if back, err := persist(t.Context(), workers[i%2], fmt.Sprint(i), fmt.Sprint(s.URL, "/", i)); err != nil || back > n {
					t.Errorf("task %d was put back %d times: %v", i, back, err)
				}
			})
		}
		all.Wait()
		if s.highest > 2 || len(s.asked) != n {
			t.Errorf("%d requests, %d at once, want %d and 2", len(s.asked), s.highest, n)
		}
		// A request may come late, and the next one in time: what counts is how many have come until when.
		for i, at := range s.began {
			if earliest := time.Duration(i) * spacing; at.Sub(began) < earliest-5*time.Millisecond { // between two clocks
				t.Errorf("request %d came after %s, want %s at least", i, at.Sub(began), earliest)
			}
		}
	})
}

func TestAPageThatRobotsForbidIsNeverAskedFor(t *testing.T) {
	redistest.Run(t, func(t *testing.T, client redis.UniversalClient) {
		s := newSite(t, func(w http.ResponseWriter, r *http.Request) {
			if r.URL.Path == "/out" {
				http.Redirect(w, r, "/private", http.StatusFound)
			}
		})
		s.robots = "User-agent: *\nDisallow: /private\n"
		f := newFetcher(t, client, hosts.Rule{Concurrency: 1})
		for _, path := range []string{"/private", "/private/2", "/out"} {
			_, err := f.Fetch(t.Context(), path, web.Request{URL: s.URL + path})
			var forbidden *robots.ForbiddenError
			if !errors.As(err, &forbidden) {
				t.Errorf("%s: %v", path, err)
			}
		}
		if len(s.asked) != 1 || s.asked[0] != "/out" {
			t.Errorf("asked for %v", s.asked)
		}
		free(t, f, s)
	})
}

// free fails unless a turn at a site can be had at once.
func free(t *testing.T, f *Fetcher, s *site) {
	t.Helper()
	if _, err := f.Fetch(t.Context(), "free", web.Request{URL: s.URL + "/free"}); err != nil {
		t.Errorf("no turn is free: %v", err)
	}
}

func TestNobodyFetchesWhileRobotsAreOutOfReach(t *testing.T) {
	redistest.Run(t, func(t *testing.T, client redis.UniversalClient) {
		s := newSite(t, words)
		s.Config.Handler = http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusBadGateway) })
		f := newFetcher(t, client, hosts.Rule{Concurrency: 1})
		for range 2 {
			_, err := f.Fetch(t.Context(), "a", web.Request{URL: s.URL + "/page"})
			var closed *robots.ClosedError
			if !errors.As(err, &closed) || closed.After() < 4*time.Minute {
				t.Errorf("error %v", err)
			}
		}
	})
}

func TestADelayInRobotsSpacesTheNextTurn(t *testing.T) {
	redistest.Run(t, func(t *testing.T, client redis.UniversalClient) {
		s := newSite(t, words)
		s.robots = "User-agent: *\nCrawl-delay: 20\n"
		f := newFetcher(t, client, hosts.Rule{Concurrency: 1})
		free(t, f, s)
		_, err := f.Fetch(t.Context(), "b", web.Request{URL: s.URL + "/b"})
		var busy *hosts.BusyError
		if !errors.As(err, &busy) || busy.Wait < 15*time.Second {
			t.Errorf("error %v", err)
		}
	})
}

func TestARedirectTakesTheTurnOfTheOtherHostAndGivesBackTheFirst(t *testing.T) {
	redistest.Run(t, func(t *testing.T, client redis.UniversalClient) {
		busy, release := make(chan struct{}), make(chan struct{})
		other := newSite(t, func(w http.ResponseWriter, r *http.Request) {
			if r.URL.Path == "/slow" {
				close(busy)
				<-release
			}
			words(w, r)
		})
		from := newSite(t, func(w http.ResponseWriter, r *http.Request) {
			if r.URL.Path == "/free" {
				return
			}
			http.Redirect(w, r, other.URL+"/to", http.StatusFound)
		})
		f := newFetcher(t, client, hosts.Rule{Concurrency: 1})
		slow := make(chan error, 1)
		go func() {
			_, err := f.Fetch(context.Background(), "slow", web.Request{URL: other.URL + "/slow"})
			slow <- err
		}()
		<-busy
		// Of two more, one is behind the other one and has too long to wait to do so here.
		_, err := f.Turns.Enter(t.Context(), f.Policy.Of(mustParse(t, other.URL)), "next")
		if !errors.As(err, new(*hosts.BusyError)) {
			t.Fatal(err)
		}
		ctx, cancel := context.WithCancel(t.Context())
		done := make(chan error, 1)
		go func() {
			_, err := f.Fetch(ctx, "moved", web.Request{URL: from.URL + "/from"})
			done <- err
		}()
		for from.pages() == 0 {
			time.Sleep(time.Millisecond)
		}
		if _, err := persist(t.Context(), f, "free", from.URL+"/free"); err != nil {
			t.Error(err)
		}
		if n := other.pages(); n != 1 {
			t.Errorf("the other host was asked %d times while it was busy", n)
		}
		cancel()
		if err := <-done; err == nil {
			t.Error("fetched from a busy host")
		}
		close(release)
		if err := <-slow; err != nil {
			t.Error(err)
		}
	})
}

func TestAnOverloadedHostIsLeftAloneByAllTasks(t *testing.T) {
	redistest.Run(t, func(t *testing.T, client redis.UniversalClient) {
		s := newSite(t, func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Retry-After", "600")
			w.WriteHeader(http.StatusServiceUnavailable)
		})
		f := newFetcher(t, client, hosts.Rule{Concurrency: 1})
		for i := range 3 {
			_, err := f.Fetch(t.Context(), fmt.Sprint(i), web.Request{URL: s.URL + "/page"})
			var busy *hosts.BusyError
			if !errors.As(err, &busy) || busy.Wait < 9*time.Minute {
				t.Errorf("task %d: %v", i, err)
			}
		}
		if n := s.pages(); n != 1 {
			t.Errorf("asked %d times", n)
		}
	})
}

func TestAFetchThatIsCancelledGivesItsTurnBack(t *testing.T) {
	redistest.Run(t, func(t *testing.T, client redis.UniversalClient) {
		arrived := make(chan struct{})
		s := newSite(t, func(_ http.ResponseWriter, r *http.Request) {
			if r.URL.Path == "/hang" {
				close(arrived)
				<-r.Context().Done()
			}
		})
		f := newFetcher(t, client, hosts.Rule{Concurrency: 1})
		ctx, cancel := context.WithCancel(t.Context())
		go func() { <-arrived; cancel() }()
		if _, err := f.Fetch(ctx, "a", web.Request{URL: s.URL + "/hang"}); !errors.Is(err, context.Canceled) {
			t.Errorf("error %v", err)
		}
		free(t, f, s)
	})
}

func TestWhoCannotComeAgainWaitsForATurn(t *testing.T) {
	redistest.Run(t, func(t *testing.T, client redis.UniversalClient) {
		s := newSite(t, words)
		f := newFetcher(t, client, hosts.Rule{Concurrency: 1, Spacing: 500 * time.Millisecond})
		free(t, f, s)
		if _, err := f.FetchNow(t.Context(), "now", web.Request{URL: s.URL}, 10*time.Second); err != nil {
			t.Error(err)
		}
		if _, err := f.FetchNow(t.Context(), "b", web.Request{URL: s.URL}, time.Millisecond); !errors.As(err, new(*hosts.BusyError)) {
			t.Errorf("error %v", err)
		}
	})
}

func mustParse(t *testing.T, raw string) *url.URL {
	t.Helper()
	u, err := url.Parse(raw)
	if err != nil {
		t.Fatal(err)
	}
	return u
}
