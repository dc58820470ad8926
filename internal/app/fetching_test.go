package app

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"
	"time"

	"go.uber.org/zap"

	"switchyard/internal/config"
	"switchyard/internal/hosts"
	"switchyard/internal/tasks"
	"switchyard/internal/tasks/scraping"
)

// scrapers is a configuration of workers that may fetch from this machine, a page of a host at a
// time.
func scrapers(redisURL string, slots int) config.Config {
	c := config.Default()
	c.Redis.URL, c.Fetcher.AllowPrivate = redisURL, true
	c.Fetcher.Politeness = config.Politeness{Spacing: 10 * time.Millisecond, Concurrency: 1, By: hosts.ByHost, Robots: true}
	c.Queues = map[string]config.Queue{"scraping": {Concurrency: slots}}
	return c
}

func scrape(t *testing.T, s *System, url, id string) tasks.Receipt {
	t.Helper()
	receipt, err := s.Queue.Enqueue(t.Context(), scraping.PageArgs{URL: url}, tasks.Options{ID: id})
	if err != nil {
		t.Fatal(err)
	}
	return receipt
}

// awaitState returns a task's status once it is in a state.
func awaitState(t *testing.T, s *System, task tasks.Receipt, want tasks.State) tasks.Status {
	t.Helper()
	for deadline := time.Now().Add(time.Minute); ; time.Sleep(10 * time.Millisecond) {
		status, found, err := s.Queue.Status(t.Context(), task.Queue, task.ID)
		if err != nil {
			t.Fatal(err)
		}
		if found && status.State == want {
			return status
		}
		if time.Now().After(deadline) {
			t.Fatalf("task %s is %s, want %s: %s", task.ID, status.State, want, status.LastError)
		}
	}
}

func TestSlowPagesOfOneHostDoNotDelayAnothers(t *testing.T) {
	onEachRedis(t, func(t *testing.T, url string) {
		arrived, release := make(chan struct{}, 20), make(chan struct{})
		slow := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if r.URL.Path != "/robots.txt" {
				arrived <- struct{}{}
				<-release
			}
			_, _ = fmt.Fprint(w, "<title>Slow</title><p>Some words.")
		}))
		quick := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", "text/html")
			_, _ = fmt.Fprint(w, "<title>Quick</title><p>Some words.")
		}))
		t.Cleanup(func() { slow.Close(); quick.Close() })
		s, _ := work(t, scrapers(url, 4), zap.NewNop())
		var waits []tasks.Receipt
		for i := range 20 {
			waits = append(waits, scrape(t, s, fmt.Sprintf("%s/%d", slow.URL, i), fmt.Sprint("slow-", i)))
		}
		<-arrived
		awaitState(t, s, scrape(t, s, quick.URL, "quick"), tasks.StateSucceeded)
		states := map[tasks.State]int{}
		for _, task := range waits {
			status, _, err := s.Queue.Status(t.Context(), task.Queue, task.ID)
			if err != nil {
				t.Error(err)
			}
			states[status.State]++
			if status.State == tasks.StateScheduled && status.Retried != 0 {
				t.Errorf("%s has spent a retry: %+v", task.ID, status)
			}
		}
		if states[tasks.StateSucceeded] > 0 || states[tasks.StateScheduled] < 16 {
			t.Errorf("states %v, want one that runs, and the others scheduled", states)
		}
		if n := len(arrived); n != 0 {
			t.Errorf("the slow host was asked for %d more pages at once", n)
		}
		close(release)
	})
}

func TestTasksOfAnOverloadedHostDoNotDieTogether(t *testing.T) {
	onEachRedis(t, func(t *testing.T, url string) {
		var mu sync.Mutex
		refusals := 4 // more than any of the tasks has retries
		site := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			mu.Lock()
			defer mu.Unlock()
			if r.URL.Path != "/robots.txt" && refusals > 0 {
				refusals--
				w.Header().Set("Retry-After", "1")
				w.WriteHeader(http.StatusServiceUnavailable)
				return
			}
			w.Header().Set("Content-Type", "text/html")
			_, _ = fmt.Fprintf(w, "<title>%s</title><p>Some words.", r.URL.Path)
		}))
		t.Cleanup(site.Close)
		s, _ := work(t, scrapers(url, 4), zap.NewNop())
		var all []tasks.Receipt
		for i := range 9 {
			all = append(all, scrape(t, s, fmt.Sprintf("%s/%d", site.URL, i), fmt.Sprint("page-", i)))
		}
		for _, task := range all {
			if status := awaitState(t, s, task, tasks.StateSucceeded); status.Retried != 0 {
				t.Errorf("%s has spent %d retries", task.ID, status.Retried)
			}
		}
	})
}

func TestAPageThatRobotsForbidFailsForGoodAndSaysSo(t *testing.T) {
	onEachRedis(t, func(t *testing.T, url string) {
		site := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if r.URL.Path != "/robots.txt" {
				t.Errorf("asked for %s", r.URL.Path)
			}
			_, _ = fmt.Fprint(w, "User-agent: switchyard\nDisallow: /")
		}))
		t.Cleanup(site.Close)
		s, _ := work(t, scrapers(url, 1), zap.NewNop())
		status := awaitState(t, s, scrape(t, s, site.URL+"/page", "page"), tasks.StateFailed)
		if want := "robots.txt forbids Switchyard to fetch " + site.URL + "/page: ask the site's owner for leave"; status.LastError != want || status.Retried != 0 {
			t.Errorf("%+v, want %q", status, want)
		}
	})
}
