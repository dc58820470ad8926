package app

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"go.uber.org/zap"

	"switchyard/internal/config"
	"switchyard/internal/daemon"
	"switchyard/internal/hosts"
	"switchyard/internal/tasks"
	"switchyard/internal/tasks/scraping"
	"switchyard/test/redistest"
)

const (
	benchHosts = 200
	benchPages = 4000
	benchPage  = 50 * time.Millisecond
)

// manyHosts is a server of many hosts, which are addresses of this machine. It notes when it was asked more
// than it allows.
type manyHosts struct {
	*httptest.Server
	spacing time.Duration
	most    int

	mu     sync.Mutex
	now    map[string]int
	latest map[string]time.Time
	over   int
	done   chan struct{}
}

func newManyHosts(b *testing.B, spacing time.Duration, most int) *manyHosts {
	b.Helper()
	w := &manyHosts{spacing: spacing, most: most, now: map[string]int{}, latest: map[string]time.Time{}, done: make(chan struct{}, benchPages)}
	listener, err := net.Listen("tcp", "0.0.0.0:0")
	if err != nil {
		b.Fatal(err)
	}
	w.Server = &httptest.Server{Listener: listener, Config: &http.Server{Handler: w}}
	w.Start()
	b.Cleanup(w.Close)
	return w
}

func (w *manyHosts) ServeHTTP(answer http.ResponseWriter, r *http.Request) {
	if r.URL.Path == "/robots.txt" {
		http.NotFound(answer, r)
		return
	}
	w.mu.Lock()
	w.now[r.Host]++
	// A request that was late makes the next one seem early.
	if w.now[r.Host] > w.most || time.Since(w.latest[r.Host]) < w.spacing-w.spacing/5 {
		w.over++
	}
	w.latest[r.Host] = time.Now()
	w.mu.Unlock()
	time.Sleep(benchPage)
	answer.Header().Set("Content-Type", "text/html")
	_, _ = fmt.Fprintf(answer, "<title>%s</title><article><p>%s</p></article>", r.URL.Path, strings.Repeat("Some words of a page. ", 50))
	w.mu.Lock()
	w.now[r.Host]--
	w.mu.Unlock()
	w.done <- struct{}{}
}

// BenchmarkPages has 16 slots scrape pages of 200 hosts that take 50 ms each. Without politeness is
// what the slots can do. With it each host is asked for a page at a time, twice a second.
func BenchmarkPages(b *testing.B) {
	for name, p := range map[string]config.Politeness{
		"without": {Concurrency: 1000, By: hosts.ByHost},
		"with":    {Spacing: 500 * time.Millisecond, Concurrency: 1, By: hosts.ByHost, Robots: true},
	} {
		b.Run(name, func(b *testing.B) {
			for b.Loop() {
				benchmarkPages(b, p)
			}
		})
	}
}

func benchmarkPages(b *testing.B, p config.Politeness) {
	w := newManyHosts(b, p.Spacing, p.Concurrency)
	c := scrapers("redis://"+redistest.Server(b).Addr, 16)
	c.Fetcher.Politeness = p
	s, err := Open(c, zap.NewNop())
	if err != nil {
		b.Fatal(err)
	}
	defer func() { _ = s.Close() }()
	worker := newWorker(b, s)
	ctx, cancel := context.WithCancel(context.Background())
	worked := make(chan error, 1)
	go func() { worked <- worker.Run(daemon.Stop{Quiet: ctx, Drain: ctx}) }()
	defer func() {
		cancel()
		if err := <-worked; err != nil {
			b.Error(err)
		}
	}()
	_, port, _ := net.SplitHostPort(w.Listener.Addr().String())
	began := time.Now()
	for i := range benchPages {
		host := i % benchHosts
		args := scraping.PageArgs{URL: fmt.Sprintf("http://127.1.%d.%d:%s/%d", host/100, host%100+1, port, i)}
		if _, err := s.Queue.Enqueue(b.Context(), args, tasks.Options{ID: fmt.Sprint("page-", i)}); err != nil {
			b.Fatal(err)
		}
	}
	for range benchPages {
		<-w.done
	}
	b.ReportMetric(benchPages/time.Since(began).Seconds(), "pages/s")
	b.ReportMetric(float64(w.over), "over")
}
