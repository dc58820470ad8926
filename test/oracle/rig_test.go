package oracle

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/redis/go-redis/v9"
	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"
	"go.uber.org/zap/zaptest/observer"

	"switchyard/internal/queue"
	"switchyard/internal/queue/lane"
	"switchyard/internal/routing"
	"switchyard/internal/tasks"
	"switchyard/internal/telemetry"
	"switchyard/test/redistest"
)

// kind is the one kind of the tests; a queue is named where it matters.
const kind = "agent_probe"

// probe is the payload of every task of ours.
type probe struct {
	Text string `json:"text,omitempty"`
	User string `json:"user,omitempty"`
}

func (probe) Kind() string { return kind }

// handler performs an attempt.
type handler func(context.Context, *tasks.Task, probe) (any, error)

// rig is our client and what our lanes are given.
type rig struct {
	redis   redis.UniversalClient
	client  *queue.Client
	table   *routing.Table
	catalog *tasks.Catalog
	handler tasks.Handler
	log     *zap.Logger
	logs    *observer.ObservedLogs
}

// newRig returns a rig whose tasks have a policy and a handler. It knows the queues of every
// table, and those named.
func newRig(t *testing.T, client redis.UniversalClient, policy routing.Patch, handle handler, more ...string) *rig {
	t.Helper()
	queues := slices.Concat([]string{routing.Agents, routing.Briefings, routing.Scraping, routing.Default}, more)
	catalog, err := tasks.NewCatalog(0, tasks.KindOf[probe](kind, 1))
	if err != nil {
		t.Fatal(err)
	}
	table, err := routing.New(queues, nil, map[string]routing.Patch{kind: policy})
	if err != nil {
		t.Fatal(err)
	}
	core, logs := observer.New(zap.InfoLevel)
	return &rig{
		redis: client, table: table, catalog: catalog, handler: tasks.Handle(handle), log: zap.New(core), logs: logs,
		client: queue.NewClient(client, table, catalog, queues, telemetry.None()),
	}
}

// startOurs runs a worker with lanes. stop ends it, giving what runs until the drain is over,
// and returns how long that took.
func startOurs(t *testing.T, r *rig, options ...lane.Options) (stop func(drain time.Duration) time.Duration) {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	drain, release := context.WithCancel(context.Background())
	for i := range options {
		options[i].Poll = cmp.Or(options[i].Poll, 50*time.Millisecond)
	}
	group := lane.New(lane.Deps{
		Redis: r.redis, Table: r.table, Catalog: r.catalog, Handlers: tasks.Handlers{kind: r.handler}, Traces: telemetry.None(), Wake: r.client.Wake,
		Metrics: lane.NewMetrics(prometheus.NewRegistry()), Log: r.log,
	}, options...)
	var running sync.WaitGroup
	running.Go(func() { group.Run(ctx, drain) })
	var took time.Duration
	ended := sync.OnceFunc(func() {
		began := time.Now()
		running.Wait()
		took = time.Since(began)
		release()
	})
	stop = func(d time.Duration) time.Duration {
		cancel()
		timer := time.AfterFunc(d, release)
		defer timer.Stop()
		ended()
		return took
	}
	t.Cleanup(func() { stop(0) })
	return stop
}

// add adds a task by our client and returns its ID.
func (r *rig) add(t *testing.T, p probe, opts tasks.Options) string {
	t.Helper()
	receipt, err := r.client.Enqueue(t.Context(), p, opts)
	if err != nil {
		t.Fatal(err)
	}
	return receipt.ID
}

// lines returns the log from a level on, a line each, as text.
func (r *rig) lines(from zapcore.Level) []string {
	var lines []string
	for _, entry := range r.logs.All() {
		if entry.Level >= from {
			fields, err := json.Marshal(entry.ContextMap())
			if err != nil {
				fields = fmt.Append(nil, entry.ContextMap())
			}
			lines = append(lines, entry.Level.String()+" "+entry.Message+" "+string(fields))
		}
	}
	return lines
}

// naming returns those lines that name something.
func naming(lines []string, what string) []string {
	var named []string
	for _, line := range lines {
		if strings.Contains(line, what) {
			named = append(named, line)
		}
	}
	return named
}

// noLoss fails the test if the log says that Redis was lost, but for one that did not answer:
// the machine may be busy with other tests.
func (r *rig) noLoss(t *testing.T) {
	t.Helper()
	for _, line := range naming(r.lines(zap.WarnLevel), "redis lost") {
		if strings.Contains(line, context.DeadlineExceeded.Error()) || strings.Contains(line, "i/o timeout") {
			continue
		}
		t.Errorf("a Redis that answered is called lost: %s", line)
	}
}

// eventually returns once check passes. Redis does not tell of what others do to it.
func eventually(t *testing.T, atMost time.Duration, check func() error) {
	t.Helper()
	deadline := time.Now().Add(atMost)
	for {
		err := check()
		if err == nil {
			return
		}
		if time.Now().After(deadline) {
			t.Fatalf("after %s: %v", atMost, err)
		}
		time.Sleep(5 * time.Millisecond)
	}
}

// runBoth runs test on miniredis and on a redis-server at the same time, for tests that wait
// most of the time.
func runBoth(t *testing.T, test func(t *testing.T, client redis.UniversalClient)) {
	t.Helper()
	for name, addr := range map[string]string{"miniredis": redistest.Mini(t).Addr(), "redis-server": redistest.Server(t).Addr} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			test(t, redistest.Client(t, addr))
		})
	}
}
