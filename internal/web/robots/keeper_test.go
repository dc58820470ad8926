package robots

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"
	"go.uber.org/goleak"

	"switchyard/internal/web"
	"switchyard/test/redistest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// site is a server whose robots.txt answers as it is told.
type site struct {
	url    *url.URL
	asked  atomic.Int32
	answer atomic.Pointer[http.HandlerFunc]
}

func newSite(t *testing.T, answer http.HandlerFunc) *site {
	t.Helper()
	s := &site{}
	s.answer.Store(&answer)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		s.asked.Add(1)
		(*s.answer.Load())(w, r)
	}))
	t.Cleanup(server.Close)
	u, err := url.Parse(server.URL + "/private/page")
	if err != nil {
		t.Fatal(err)
	}
	s.url = u
	return s
}

func says(status int, body string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(status)
		_, _ = fmt.Fprint(w, body)
	}
}

const closes = "User-agent: *\nAllow: /\n\nUser-agent: switchyard\nDisallow: /private\nCrawl-delay: 3\n"

// clock is a time that moves when told.
type clock struct{ t time.Time }

func (c *clock) now() time.Time { return c.t }

func newKeeper(t *testing.T, client redis.UniversalClient, c *clock) *Keeper {
	t.Helper()
	f := web.NewFetcher(web.Options{AllowPrivate: true})
	t.Cleanup(f.Close)
	return NewKeeper(client, "switchyard:", "Switchyard/1.0", f, c.now)
}

func TestASiteIsAskedOnceInADayAndForAllWorkers(t *testing.T) {
	redistest.Run(t, func(t *testing.T, client redis.UniversalClient) {
		now := &clock{time.Now()}
		one, other := newKeeper(t, client, now), newKeeper(t, client, now)
		s := newSite(t, says(200, closes))
		if _, known, err := one.Known(t.Context(), s.url); known || err != nil {
			t.Fatalf("known %v, %v", known, err)
		}
		rules, err := one.Ask(t.Context(), s.url)
		if err != nil || rules.Delay != 3*time.Second {
			t.Fatalf("%+v, %v", rules, err)
		}
		rules, known, err := other.Known(t.Context(), s.url)
		var forbidden *ForbiddenError
		if err != nil || !known || !errors.As(other.Check(rules, s.url), &forbidden) {
			t.Fatalf("%+v, %v, %v", rules, known, err)
		}
		if want := "robots.txt forbids Switchyard to fetch " + s.url.String() + ": ask the site's owner for leave"; forbidden.Error() != want {
			t.Errorf("error %q, want %q", forbidden, want)
		}
		if n := s.asked.Load(); n != 1 {
			t.Errorf("asked %d times", n)
		}
		if ttl := client.TTL(t.Context(), one.key(s.url)).Val(); ttl > 24*time.Hour || ttl < 23*time.Hour {
			t.Errorf("kept for %s", ttl)
		}
	})
}

func TestAWorkerThatWasHeldUpEndsNoFetchOfAnother(t *testing.T) {
	redistest.Run(t, func(t *testing.T, client redis.UniversalClient) {
		var late *Keeper
		s := newSite(t, func(http.ResponseWriter, *http.Request) {})
		held := http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			// Its time is over, and another's has begun.
			if err := client.Set(t.Context(), late.key(s.url)+":asking", "another", askingFor).Err(); err != nil {
				t.Error(err)
			}
			says(200, closes)(w, nil)
		})
		s.answer.Store(&held)
		late = newKeeper(t, client, &clock{time.Now()})
		if _, err := late.Ask(t.Context(), s.url); err != nil {
			t.Fatal(err)
		}
		_, err := late.Ask(t.Context(), s.url)
		if closed, is := errors.AsType[*ClosedError](err); !is || closed.Wait != askingWait {
			t.Errorf("error %v, want that another worker fetches it", err)
		}
		if n := s.asked.Load(); n != 1 {
			t.Errorf("asked %d times while another worker fetches it", n)
		}
	})
}

func TestWhatASiteSaysIsReadOnceInAMinute(t *testing.T) {
	redistest.Run(t, func(t *testing.T, client redis.UniversalClient) {
		now := &clock{time.Now()}
		s, k := newSite(t, says(200, closes)), newKeeper(t, client, now)
		if _, err := k.Ask(t.Context(), s.url); err != nil {
			t.Fatal(err)
		}
		known := func(when string, want bool) {
			t.Helper()
			if rules, known, err := k.Known(t.Context(), s.url); known != want || known && rules.Delay != 3*time.Second || err != nil {
				t.Errorf("%s: %+v, known %v, want %v, %v", when, rules, known, want, err)
			}
		}
		known("at first", true)
		client.Del(t.Context(), k.key(s.url))
		now.t = now.t.Add(time.Minute - time.Second)
		known("within the minute", true)
		now.t = now.t.Add(2 * time.Second)
		known("when Redis has nothing more", false)
	})
}

func TestWhatIsRememberedOfSitesIsBounded(t *testing.T) {
	m := newMemory(time.Now)
	for n := range 100 {
		m.add(fmt.Sprint(n), Rules{Rules: []Rule{{Path: strings.Repeat("x", maxRemembered/10)}}})
		if m.bytes > maxRemembered || m.bytes != m.sites.Len()*(maxRemembered/10+siteSize+ruleSize) {
			t.Fatalf("%d sites, counted as %d bytes", m.sites.Len(), m.bytes)
		}
	}
	if _, known := m.get("99"); !known || m.sites.Len() != 9 {
		t.Errorf("%d sites are remembered, want the newest 9", m.sites.Len())
	}
	m.add("99", Rules{Rules: []Rule{{Path: strings.Repeat("x", maxRemembered)}}})
	if _, known := m.get("99"); known || m.bytes != 0 {
		t.Errorf("%d bytes, though what is larger than the bound is not remembered", m.bytes)
	}
}

func TestWhatAServerHasNotForbidsNothing(t *testing.T) {
	client := redistest.Client(t, redistest.Mini(t).Addr())
	for _, answer := range []http.HandlerFunc{
		says(404, closes), says(410, closes), says(401, closes), says(403, closes),
		func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, r.URL.Path+"x", http.StatusFound) },
		func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Encoding", "gzip")
			_, _ = w.Write([]byte("this is no gzip at all"))
		},
	} {
		s, k := newSite(t, answer), newKeeper(t, client, &clock{time.Now()})
		if rules, err := k.Ask(t.Context(), s.url); err != nil || k.Check(rules, s.url) != nil {
			t.Errorf("%+v, %v", rules, err)
		}
	}
}

func TestARedirectedFileIsFollowedFiveTimes(t *testing.T) {
	s := newSite(t, func(w http.ResponseWriter, r *http.Request) {
		if strings.Count(r.URL.Path, "x") == 6 {
			_, _ = fmt.Fprint(w, closes)
			return
		}
		http.Redirect(w, r, r.URL.Path+"x", http.StatusMovedPermanently)
	})
	k := newKeeper(t, redistest.Client(t, redistest.Mini(t).Addr()), &clock{time.Now()})
	if rules, err := k.Ask(t.Context(), s.url); err != nil || k.Check(rules, s.url) == nil {
		t.Errorf("%+v, %v", rules, err) // robots.txt has one x
	}
}

func TestASiteWhoseFileIsOutOfReachIsClosedAndAskedAgain(t *testing.T) {
	redistest.Run(t, func(t *testing.T, client redis.UniversalClient) {
		for _, status := range []int{500, 503, 429} {
			now := &clock{time.Now()}
			s, k := newSite(t, says(status, "")), newKeeper(t, client, now)
			_, err := k.Ask(t.Context(), s.url)
			wantClosed(t, err, status)
			now.t = now.t.Add(4 * time.Minute)
			_, known, err := k.Known(t.Context(), s.url)
			wantClosed(t, err, status)
			if !known || s.asked.Load() != 1 {
				t.Errorf("%d: known %v, asked %d times", status, known, s.asked.Load())
			}
			now.t = now.t.Add(2 * time.Minute)
			if _, known, err := k.Known(t.Context(), s.url); known || err != nil {
				t.Errorf("%d: after six minutes: %v, %v", status, known, err)
			}
			open := says(200, "")
			s.answer.Store(&open)
			if _, err := k.Ask(t.Context(), s.url); err != nil {
				t.Errorf("%d: %v", status, err)
			}
		}
	})
}

func wantClosed(t *testing.T, err error, status int) {
	t.Helper()
	var closed *ClosedError
	if !errors.As(err, &closed) || closed.After() < 30*time.Second || closed.After() > 5*time.Minute {
		t.Errorf("%d: error %v, want the site to be closed for some minutes", status, err)
	}
}

func TestASiteThatIsClosedForADayFailsLikeOneThatIsDown(t *testing.T) {
	now := &clock{time.Now()}
	s, k := newSite(t, says(500, "")), newKeeper(t, redistest.Client(t, redistest.Mini(t).Addr()), now)
	_, err := k.Ask(t.Context(), s.url)
	wantClosed(t, err, 500)
	now.t = now.t.Add(25 * time.Hour)
	_, err = k.Ask(t.Context(), s.url)
	var failed *web.Error
	if !errors.As(err, &failed) || !failed.Temporary || fmt.Sprint(failed.Err) != "robots.txt is out of reach since 25h0m0s: the server answered 500 Internal Server Error" {
		t.Errorf("error %v", err)
	}
}

func TestAnUnreachableSiteIsClosedAndAPrivateOneRefused(t *testing.T) {
	client := redistest.Client(t, redistest.Mini(t).Addr())
	gone := httptest.NewServer(http.NotFoundHandler())
	u, _ := url.Parse(gone.URL)
	gone.Close()
	_, err := newKeeper(t, client, &clock{time.Now()}).Ask(t.Context(), u)
	wantClosed(t, err, 0)
	guarded := web.NewFetcher(web.Options{})
	defer guarded.Close()
	private, _ := url.Parse("http://127.0.0.1:1/")
	if _, err := NewKeeper(client, "switchyard:", "Switchyard", guarded, time.Now).Ask(t.Context(), private); !errors.Is(err, web.ErrPrivate) {
		t.Errorf("error %v", err)
	}
}

func TestOneWorkerAtATimeAsksASite(t *testing.T) {
	redistest.Run(t, func(t *testing.T, client redis.UniversalClient) {
		arrived, release := make(chan struct{}), make(chan struct{})
		s := newSite(t, func(_ http.ResponseWriter, _ *http.Request) {
			close(arrived)
			<-release
		})
		k := newKeeper(t, client, &clock{time.Now()})
		first := make(chan error, 1)
		go func() { _, err := k.Ask(context.Background(), s.url); first <- err }()
		<-arrived
		var closed *ClosedError
		if _, err := k.Ask(t.Context(), s.url); !errors.As(err, &closed) || closed.After() != time.Second {
			t.Errorf("the second: %v", err)
		}
		close(release)
		if err := <-first; err != nil {
			t.Error(err)
		}
	})
}

func TestWhatCannotBeReadInRedisIsAskedForAgain(t *testing.T) {
	redistest.Run(t, func(t *testing.T, client redis.UniversalClient) {
		s, k := newSite(t, says(200, closes)), newKeeper(t, client, &clock{time.Now()})
		for _, damage := range []func(){
			func() { client.Set(t.Context(), k.key(s.url), "{", 0) },
			func() { client.Set(t.Context(), k.key(s.url), `{"delay":-5}`, 0) },
			func() { client.HSet(t.Context(), k.key(s.url), "a", "b") },
		} {
			client.Del(t.Context(), k.key(s.url))
			damage()
			if _, known, err := k.Known(t.Context(), s.url); known || err != nil {
				t.Errorf("known %v, %v", known, err)
			}
			if _, err := k.Ask(t.Context(), s.url); err != nil {
				t.Error(err)
			}
		}
	})
}
