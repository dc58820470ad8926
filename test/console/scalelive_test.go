package console

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
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
	"switchyard/test/commandtest"
	"switchyard/test/redistest"
)

const (
	scaleLive     = 200               // pages that are open
	scalePace     = time.Second / 100 // between two tasks
	scaleMeasured = 25 * time.Second
)

// scaleMonitor is the monitor as it is built, in a process of its own.
type scaleMonitor struct {
	url string
	pid int
}

// scaleRun runs the monitor as it is built until the benchmark ends.
func scaleRun(b *testing.B, redisURL string) scaleMonitor {
	b.Helper()
	dir, clean, err := commandtest.Dir()
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(clean)
	cmd := exec.Command(filepath.Join(dir, "monitor"), "--listen", "127.0.0.1:0", "--log-format", "json") //nolint:gosec // one of ours
	cmd.Env = append(os.Environ(), "SWITCHYARD_REDIS_URL="+redisURL)
	out, err := cmd.StderrPipe()
	if err != nil {
		b.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		b.Fatal(err)
	}
	lines := bufio.NewScanner(out)
	m := scaleMonitor{pid: cmd.Process.Pid}
	for m.url == "" && lines.Scan() {
		var line struct{ URL string }
		_ = json.Unmarshal(lines.Bytes(), &line) // other lines are no matter
		m.url = strings.TrimSuffix(line.URL, "/")
	}
	var reading sync.WaitGroup
	reading.Go(func() { _, _ = io.Copy(io.Discard, out) })
	b.Cleanup(func() {
		_ = cmd.Process.Kill()
		reading.Wait()
		_ = cmd.Wait() // it was killed
	})
	if m.url == "" {
		b.Fatal("the monitor does not say where it listens")
	}
	return m
}

// memory returns how much of the monitor is in memory, in MB.
func (m scaleMonitor) memory(b *testing.B) (mb float64) {
	b.Helper()
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", m.pid))
	if err != nil {
		b.Skip("the memory of a process is not told here: ", err)
	}
	_, after, _ := strings.Cut(string(text), "VmRSS:")
	_, _ = fmt.Sscan(after, &mb)
	return mb / 1024
}

// scaleLook asks for a page, and reports whether it came.
func scaleLook(ctx context.Context, client *http.Client, address string) bool {
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, address, http.NoBody)
	if err != nil {
		return false
	}
	res, err := client.Do(r)
	if err != nil {
		return false
	}
	_, err = io.Copy(io.Discard, res.Body)
	_ = res.Body.Close()
	return err == nil && res.StatusCode == http.StatusOK
}

// scaleView is a page that is open in a browser: it follows a stream, and asks for itself again every some
// seconds, and 150 ms after an event. opened is told once the stream is open, and asked counts the pages.
func scaleView(ctx context.Context, page, stream string, every time.Duration, opened func(), asked *atomic.Int64) {
	client := &http.Client{Transport: &http.Transport{}}
	defer client.CloseIdleConnections()
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, stream, http.NoBody)
	if err != nil {
		return
	}
	res, err := client.Do(r)
	if err != nil || res.StatusCode != http.StatusOK {
		return
	}
	events := make(chan struct{}, 1)
	var reading sync.WaitGroup
	defer reading.Wait()
	defer func() { _ = res.Body.Close() }()
	reading.Go(func() {
		for lines := bufio.NewScanner(res.Body); lines.Scan(); {
			if strings.HasPrefix(lines.Text(), "event: ") {
				select {
				case events <- struct{}{}:
				default:
				}
			}
		}
	})
	opened()
	again := time.NewTicker(every)
	defer again.Stop()
	var soon <-chan time.Time
	for {
		select {
		case <-ctx.Done():
			return
		case <-events:
			if soon == nil {
				soon = time.After(150 * time.Millisecond)
			}
			continue
		case <-soon:
			soon = nil
		case <-again.C:
		}
		if scaleLook(ctx, client, page) {
			asked.Add(1)
		}
	}
}

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
