package scale

import (
	"context"
	"fmt"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"
	"go.uber.org/zap"

	"switchyard/internal/app"
	"switchyard/internal/config"
	"switchyard/internal/control"
	"switchyard/internal/events"
	"switchyard/internal/queue/format"
	"switchyard/internal/schedule"
	"switchyard/internal/tasks"
)

// BenchmarkFollowers measures those who follow the events of users, all in one process.
func BenchmarkFollowers(b *testing.B) {
	const n = 1000
	y := newYard(b)
	base := y.usage()
	log := events.NewLog(y.redis, "switchyard:", "switchyard/0")
	ctx, end := context.WithCancel(b.Context())
	var all sync.WaitGroup
	for i := range n {
		all.Go(func() {
			_ = log.Follow(ctx, fmt.Sprintf("user-%d", i), 0, func(events.Event) error { return nil })
		})
	}
	y.watch(n, base)
	end()
	all.Wait()
}

// BenchmarkPausedUsers measures a worker beside users whose brake is on.
func BenchmarkPausedUsers(b *testing.B) {
	const n = 10_000
	y := newYard(b)
	base := y.usage()
	brake := control.NewBrake(y.redis, "switchyard:", events.NewLog(y.redis, "switchyard:", "switchyard/0"))
	for i := range n {
		if _, err := brake.Pull(b.Context(), fmt.Sprintf("user-%d", i), control.Order{}); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric((y.usage().memory-base.memory)/n, "B-memory/user")
	base = y.usage()
	y.start(1, "worker")
	// Each is looked at once as soon as a worker is there, and every few minutes from then on.
	for deadline := time.Now().Add(5 * time.Minute); y.redis.ZCount(b.Context(), "switchyard:braked", "-inf", fmt.Sprint(time.Now().UnixMilli())).Val() > 0; time.Sleep(time.Second) {
		if time.Now().After(deadline) {
			b.Fatal("they are not all looked at")
		}
	}
	y.watch(1, base)
}

// BenchmarkEntries measures a scheduler beside entries that are due in an hour.
func BenchmarkEntries(b *testing.B) {
	const n = 100_000
	y := newYard(b)
	base := y.usage()
	entries := make([]schedule.Entry, n)
	for i := range entries {
		entries[i] = schedule.Entry{
			ID: fmt.Sprintf("briefing:user-%d", i), Spec: "0 8 * * *", Kind: "agent_waiter", Payload: fmt.Appendf(nil, `{"user":"user-%d"}`, i),
			Owner: fmt.Sprintf("user-%d", i), Origin: schedule.OriginAPI,
		}
	}
	if _, err := schedule.NewStore(y.redis, "switchyard:").PutAll(b.Context(), entries, schedule.PutOptions{}); err != nil {
		b.Fatal(err)
	}
	b.ReportMetric((y.usage().memory-base.memory)/n, "B-memory/entry")
	base = y.usage()
	y.start(1, "scheduler")
	y.watch(1, base)
}

// BenchmarkRuns measures agents that run, each a program that waits.
func BenchmarkRuns(b *testing.B) {
	const n = 100
	y := newYard(b)
	y.start(1, "worker", "--queues", "agents=100")
	time.Sleep(settle)
	base := y.usage()
	for i := range n {
		cmd := exec.Command(filepath.Join(bin, "switchyard"), "enqueue", "agent_waiter", fmt.Sprintf(`{"user":"user-%d"}`, i), "--config", y.file()) //nolint:gosec // what a benchmark says
		if out, err := cmd.CombinedOutput(); err != nil {
			b.Fatalf("%v: %s", err, out)
		}
	}
	for deadline := time.Now().Add(time.Minute); y.redis.LLen(b.Context(), format.Key("agents", "active")).Val() < n; time.Sleep(50 * time.Millisecond) {
		if time.Now().After(deadline) {
			b.Fatal("they do not all run")
		}
	}
	y.watch(n, base)
}

// BenchmarkBusyWorker measures the connections of a worker all whose slots perform short agents, by its queues and
// how many it may have.
func BenchmarkBusyWorker(b *testing.B) {
	const n = 4000
	for _, worker := range []struct {
		consumes, most string
		queues         []string
	}{
		{"agents=20", "4", []string{"agents"}},
		{"agents=20", "8", []string{"agents"}},
		{"agents=20", "20", []string{"agents"}},
		{"agents=4,briefings=4,scraping=8,default=4", "20", []string{"agents", "briefings", "scraping", "default"}},
	} {
		b.Run(worker.consumes+" with at most "+worker.most, func(b *testing.B) {
			y := newYard(b)
			c, err := config.Load(y.file(), nil, func(*config.Config) {})
			if err != nil {
				b.Fatal(err)
			}
			system, err := app.Open(c, zap.NewNop())
			if err != nil {
				b.Fatal(err)
			}
			b.Cleanup(func() { _ = system.Close() })
			for i := range n {
				if _, err := system.Queue.Enqueue(b.Context(), tasks.Raw{Name: "agent_scout", Payload: fmt.Appendf(nil, `{"user":"user-%d"}`, i)}, tasks.Options{Queue: worker.queues[i%len(worker.queues)]}); err != nil {
					b.Fatal(err)
				}
			}
			b.Setenv("SWITCHYARD_REDIS_POOL_SIZE", worker.most)
			base, peak := y.usage(), 0.0
			y.start(1, "worker", "--queues", worker.consumes)
			var since time.Time
			for deadline := time.Now().Add(2 * time.Minute); ; time.Sleep(20 * time.Millisecond) {
				u := y.usage()
				peak = max(peak, u.connections-base.connections)
				var left int64
				for _, queue := range worker.queues {
					left += y.redis.LLen(b.Context(), format.Key(queue, "pending")).Val()
				}
				if since.IsZero() && left < n {
					since = time.Now()
				}
				if left == 0 {
					break
				}
				if time.Now().After(deadline) {
					b.Fatalf("%d tasks are left", left)
				}
			}
			b.ReportMetric(n/time.Since(since).Seconds(), "tasks/s")
			b.ReportMetric(peak, "connections")
			b.ReportMetric(0, "ns/op")
		})
	}
}

// BenchmarkScrape measures what it costs Redis to be asked for the metrics once, while many users wait for
// turns.
func BenchmarkScrape(b *testing.B) {
	for _, users := range []int{0, 10_000} {
		b.Run(fmt.Sprintf("%d users in line", users), func(b *testing.B) {
			y := newYard(b)
			_, err := y.redis.Pipelined(b.Context(), func(p redis.Pipeliner) error {
				for i := range users {
					line := fmt.Sprintf("user:user-%d", i)
					p.SAdd(b.Context(), format.Key("agents", "groups"), line)
					for _, place := range []string{"a", "b", "c"} {
						p.ZAdd(b.Context(), format.Key("agents", "g:"+line), redis.Z{Score: 1, Member: line + place})
					}
					for _, turn := range []string{"x", "y"} {
						p.SAdd(b.Context(), format.TurnsKey("agents")+strings.TrimPrefix(line, "user:"), line+turn)
						p.HSet(b.Context(), format.TaskKey("agents", line+turn), "state", "active")
					}
				}
				return nil
			})
			if err != nil {
				b.Fatal(err)
			}
			address := free(b)
			y.start(1, "monitor", "--listen", address)
			get(b, "http://"+address+"/metrics")
			var spent, longest float64
			const scrapes = 5
			for range scrapes {
				time.Sleep(3100 * time.Millisecond) // what was read before is told again for three seconds
				y.redis.ConfigResetStat(b.Context())
				get(b, "http://"+address+"/metrics")
				for name, text := range y.redis.InfoMap(b.Context(), "commandstats").Val()["Commandstats"] {
					var calls, micros, per float64
					if _, err := fmt.Sscanf(text, "calls=%f,usec=%f,usec_per_call=%f", &calls, &micros, &per); err != nil {
						b.Fatal(err)
					}
					if name == "cmdstat_evalsha" {
						spent += micros
						longest = max(longest, per)
					}
				}
			}
			b.ReportMetric(spent/scrapes, "redis-us/scrape")
			b.ReportMetric(longest, "redis-us/script")
			b.ReportMetric(0, "ns/op")
		})
	}
}
