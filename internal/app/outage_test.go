package app

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/hibiken/asynq"
	"go.uber.org/zap"

	"switchyard/internal/cache"
	"switchyard/internal/config"
	"switchyard/internal/hosts"
	"switchyard/internal/tasks"
	"switchyard/internal/tasks/scraping"
	"switchyard/test/redistest"
)

// countingSite counts how often each of its pages is asked for.
type countingSite struct {
	*httptest.Server
	served chan struct{} // one for each answer

	mu    sync.Mutex
	asked map[string]int
}

func newPages(t *testing.T) *countingSite {
	p := &countingSite{served: make(chan struct{}, 10_000), asked: map[string]int{}}
	p.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		p.mu.Lock()
		p.asked[r.URL.Path]++
		p.mu.Unlock()
		w.Header().Set("Content-Type", "text/html")
		_, _ = fmt.Fprintf(w, "<html><title>%s</title><body><article><p>Some words about %[1]s and its tides.</p></article></body></html>", r.URL.Path)
		p.served <- struct{}{}
	}))
	t.Cleanup(p.Close)
	return p
}

// await returns once so many more pages were asked for.
func (p *countingSite) await(n int) {
	for range n {
		<-p.served
	}
}

// outage is how long Redis is away: for longer than its client tries by itself, and not as long
// as a lease.
const outage = 4 * time.Second

func TestNoPageIsFetchedTwiceBecauseRedisWasAway(t *testing.T) {
	for name, away := range map[string]func(*testing.T, *redistest.Process){
		"gone": func(t *testing.T, server *redistest.Process) {
			server.Stop()
			time.Sleep(outage)
			if err := server.Start(); err != nil {
				t.Fatal(err)
			}
		},
		"hangs": func(t *testing.T, server *redistest.Process) {
			server.Signal(t, syscall.SIGSTOP)
			time.Sleep(outage)
			server.Signal(t, syscall.SIGCONT)
		},
	} {
		t.Run(name, func(t *testing.T) {
			server := redistest.Server(t, "--appendonly", "yes", "--appendfsync", "always")
			site := newPages(t)
			c := config.Default()
			c.Redis.URL, c.Fetcher.AllowPrivate = "redis://"+server.Addr, true
			c.Fetcher.Politeness = config.Politeness{Concurrency: 1000, By: hosts.ByHost}
			s, _ := work(t, c, zap.NewNop())
			const n = 300
			for i := range n {
				args := scraping.PageArgs{URL: fmt.Sprintf("%s/page-%d", site.URL, i)}
				if _, err := s.Queue.Enqueue(cache.WithPatience(t.Context()), args, tasks.Options{ID: fmt.Sprintf("page-%d", i)}); err != nil {
					t.Fatal(err)
				}
				if i == 150 {
					site.await(50)
					away(t, server)
				}
			}
			site.await(n - 50)
			awaitOnce(t, s, site, n)
		})
	}
}

// awaitOnce awaits that n tasks have succeeded, each at its first attempt and with its page
// fetched once.
func awaitOnce(t *testing.T, s *System, site *countingSite, n int) {
	t.Helper()
	inspector := asynq.NewInspectorFromRedisClient(s.Redis)
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	for {
		info, err := inspector.GetQueueInfo("scraping")
		if err != nil {
			t.Fatal(err)
		}
		if info.Completed+info.Archived == n {
			break
		}
		if ctx.Err() != nil {
			t.Errorf("not every task has ended: %+v", info)
			break
		}
		time.Sleep(20 * time.Millisecond) // Redis cannot tell
	}
	for i := range n {
		task, err := inspector.GetTaskInfo("scraping", fmt.Sprintf("page-%d", i))
		if err != nil || task.State != asynq.TaskStateCompleted || task.Retried != 0 {
			t.Errorf("page %d: state %v, retried %d, last error %q (%v)", i, task.State, task.Retried, task.LastErr, err)
		}
	}
	site.mu.Lock()
	defer site.mu.Unlock()
	for path, times := range site.asked {
		if times != 1 {
			t.Errorf("%s was fetched %d times", path, times)
		}
	}
}
