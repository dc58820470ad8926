package console

import (
	"context"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"
	"go.uber.org/zap"

	"switchyard/internal/app"
	"switchyard/internal/config"
	"switchyard/internal/daemon"
	"switchyard/internal/tasks"
	"switchyard/test/redistest"
)

const (
	scaleLive     = 200               // pages that are open
	scalePace     = time.Second / 100 // between two tasks
	scaleMeasured = 25 * time.Second
)

// scaleSent are the args of a task that knows when it was sent.
type scaleSent struct {
	At time.Time `json:"at"`
}

// Kind implements [tasks.Args].
func (scaleSent) Kind() string { return "report" }

// scaleWorker performs tasks in this process until the benchmark ends. It says of each how long it had
// waited.
func scaleWorker(b *testing.B, redisURL string) (s *app.System, picked chan time.Duration) {
	b.Helper()
	picked = make(chan time.Duration, 100_000)
	c := config.Default()
	c.Redis.URL = redisURL
	s, err := app.Open(c, zap.NewNop(), tasks.Define("report", 1, func(_ context.Context, _ *tasks.Task, sent scaleSent) (any, error) {
		picked <- time.Since(sent.At)
		return nil, nil
	}))
	if err != nil {
		b.Fatal(err)
	}
	worker, err := app.NewWorker(s, c.Queues)
	if err != nil {
		b.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	var running sync.WaitGroup
	running.Go(func() { _ = worker.Run(daemon.Stop{Quiet: ctx, Drain: ctx}) })
	b.Cleanup(func() { cancel(); running.Wait(); _ = s.Close() })
	return s, picked
}

// scaleSend sends a hundred tasks a second for a while, a tenth of them with an event of a user, and
// returns how long they waited for a worker.
func scaleSend(b *testing.B, s *app.System, picked chan time.Duration) (waited []time.Duration) {
	b.Helper()
	pace := time.NewTicker(scalePace)
	defer pace.Stop()
	n := int(scaleMeasured / scalePace)
	for i := range n {
		<-pace.C
		if _, err := s.Queue.Enqueue(b.Context(), scaleSent{time.Now()}, tasks.Options{}); err != nil {
			b.Fatal(err)
		}
		if i%10 == 0 {
			if err := s.Events.Tell(b.Context(), fmt.Sprint("u", i/10%(scaleLive/2)), "progress", []byte(`{"progress":{"message":"read"}}`)); err != nil {
				b.Fatal(err)
			}
		}
	}
	for range n {
		waited = append(waited, <-picked)
	}
	return waited
}

// BenchmarkLivePages has 200 pages open that are kept up to date, each with a stream, while a worker
// performs a hundred tasks a second. It tells what they cost the monitor in memory, and how long tasks
// wait for the worker with them and, as the baseline, without.
func BenchmarkLivePages(b *testing.B) {
	redisURL := "redis://" + redistest.Server(b).Addr + "/0"
	s, picked := scaleWorker(b, redisURL)
	m := scaleRun(b, redisURL)
	var ids []string
	for i := range scaleLive / 2 {
		id := fmt.Sprint("later-", i)
		if _, err := s.Queue.Enqueue(b.Context(), scaleSent{}, tasks.Options{ID: id, At: time.Now().Add(time.Hour)}); err != nil {
			b.Fatal(err)
		}
		ids = append(ids, id)
	}
	for range 20 { // what the first pages take, they take once
		if !scaleLook(b.Context(), http.DefaultClient, m.url+"/tasks/default/"+ids[0]) || !scaleLook(b.Context(), http.DefaultClient, m.url+"/users/u0") {
			b.Fatal("no page")
		}
	}
	http.DefaultClient.CloseIdleConnections()
	idle := scaleCommands(b, s.Redis)
	before := scaleSend(b, s, picked)
	idle = scaleCommands(b, s.Redis) - idle
	alone := m.memory(b)

	ctx, leave := context.WithCancel(context.Background())
	var open, viewing sync.WaitGroup
	var asked atomic.Int64
	defer viewing.Wait()
	defer leave()
	open.Add(scaleLive)
	for i := range scaleLive {
		page, stream := fmt.Sprint("/users/u", i/2), fmt.Sprint("/v1/users/u", i/2, "/events")
		if i%2 == 0 {
			page, stream = "/tasks/default/"+ids[i/2], "/v1/tasks/"+ids[i/2]+"/events?queue=default"
		}
		viewing.Go(func() {
			scaleView(ctx, m.url+page, m.url+stream, time.Duration(5+i%11)*time.Second, open.Done, &asked)
		})
	}
	open.Wait()
	start := scaleCommands(b, s.Redis)
	with := scaleSend(b, s, picked)
	b.ReportMetric(m.memory(b)-alone, "more-MB")
	b.ReportMetric(alone, "alone-MB")
	b.ReportMetric(float64(asked.Load())/scaleMeasured.Seconds(), "pages/s")
	b.ReportMetric(float64(scaleCommands(b, s.Redis)-start)/scaleMeasured.Seconds(), "with-commands/s")
	b.ReportMetric(float64(idle)/scaleMeasured.Seconds(), "alone-commands/s")
	b.ReportMetric(scaleShare(before, 50), "alone-p50-ms")
	b.ReportMetric(scaleShare(before, 99), "alone-p99-ms")
	b.ReportMetric(scaleShare(with, 50), "with-p50-ms")
	b.ReportMetric(scaleShare(with, 99), "with-p99-ms")
	b.ReportMetric(0, "ns/op")
}

// scaleCommands returns how many commands Redis has processed.
func scaleCommands(b *testing.B, client redis.UniversalClient) (n int64) {
	b.Helper()
	_, after, _ := strings.Cut(client.Info(b.Context(), "stats").Val(), "total_commands_processed:")
	_, _ = fmt.Sscan(after, &n)
	return n
}
