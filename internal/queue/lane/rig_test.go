package lane

import (
	"cmp"
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/hibiken/asynq"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/redis/go-redis/v9"
	"go.uber.org/goleak"
	"go.uber.org/zap"
	"go.uber.org/zap/zaptest/observer"

	"switchyard/internal/queue"
	"switchyard/internal/queue/format"
	"switchyard/internal/routing"
	"switchyard/internal/tasks"
	"switchyard/internal/telemetry"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// note is the args of every test task.
type note struct {
	kind string
	Text string `json:"text"`
	User string `json:"user,omitempty"`
}

func (n note) Kind() string { return n.kind }

var queues = moreQueues(routing.Agents, routing.Briefings, routing.Scraping, routing.Default, "agents_high")

func moreQueues(queues ...string) []string {
	for i := range 50 {
		queues = append(queues, fmt.Sprintf("more-%d", i))
	}
	return queues
}

// rig is a client, its catalog and the lanes started on it.
type rig struct {
	t       *testing.T
	redis   redis.UniversalClient
	client  *queue.Client
	metrics *Metrics
	logs    *observer.ObservedLogs
	foreign *asynq.Client
	deps    Deps
	group   *Group // started last
}

func newRig(t *testing.T, client redis.UniversalClient, policies map[string]routing.Patch, handlers map[string]func(context.Context, *tasks.Task, note) (any, error)) *rig {
	t.Helper()
	var definitions []tasks.Definition
	for kind, handle := range handlers {
		definitions = append(definitions, tasks.Define(kind, 1, handle))
	}
	catalog, err := tasks.NewCatalog(0, definitions...)
	if err != nil {
		t.Fatal(err)
	}
	table, err := routing.New(queues, nil, policies)
	if err != nil {
		t.Fatal(err)
	}
	core, logs := observer.New(zap.DebugLevel)
	r := &rig{
		t: t, redis: client, logs: logs,
		client:  queue.NewClient(client, table, catalog, queues, telemetry.None()),
		metrics: NewMetrics(prometheus.NewRegistry()),
		foreign: asynq.NewClientFromRedisClient(client),
	}
	r.deps = Deps{Redis: client, Table: table, Catalog: catalog, Traces: telemetry.None(), Wake: r.client.Wake, Metrics: r.metrics, Log: zap.New(core)}
	return r
}

// start runs a lane and returns how to stop it with a drain of the given length.
func (r *rig) start(opts Options) (stop func(drain time.Duration)) {
	r.t.Helper()
	return r.startLane(func(*lane) {}, opts)
}

// startLane is start for a lane that is prepared before it runs.
func (r *rig) startLane(prepare func(*lane), opts Options) (stop func(drain time.Duration)) {
	r.t.Helper()
	opts.Poll = cmp.Or(opts.Poll, 10*time.Millisecond)
	group := New(r.deps, opts)
	prepare(group.lanes[0])
	return r.run(group)
}

// startGroup is start for a worker of several queues.
func (r *rig) startGroup(options ...Options) (stop func(drain time.Duration)) {
	r.t.Helper()
	return r.run(New(r.deps, options...))
}

func (r *rig) run(group *Group) (stop func(drain time.Duration)) {
	r.group = group
	ctx, cancel := context.WithCancel(context.Background())
	drain, release := context.WithCancel(context.Background())
	done := make(chan struct{})
	go func() {
		defer close(done)
		group.Run(ctx, drain)
	}()
	stopped := false
	stop = func(d time.Duration) {
		if stopped {
			return
		}
		stopped = true
		cancel()
		timer := time.AfterFunc(d, release)
		defer timer.Stop()
		<-done
		release()
	}
	r.t.Cleanup(func() { stop(0) })
	return stop
}

// lane returns a lane that does nothing by itself.
func (r *rig) lane(opts Options) *lane { return New(r.deps, opts).lanes[0] }

// take has a lane take tasks of its queue that it then holds and does not perform.
func (r *rig) take(l *lane, n int) []*attempt {
	r.t.Helper()
	reply, err := l.step(&trip{source: l.sources[0], take: n, sent: time.Now()})
	if err != nil {
		r.t.Fatal(err)
	}
	for _, a := range reply.taken {
		l.leases.add(a)
	}
	return reply.taken
}

func (r *rig) enqueue(args tasks.Args, opts tasks.Options) tasks.Receipt {
	r.t.Helper()
	receipt, err := r.client.Enqueue(r.t.Context(), args, opts)
	if err != nil {
		r.t.Fatal(err)
	}
	return receipt
}

// await returns a task's status once it satisfies ok. asynq signals nothing when it has
// moved a task, so this asks again until the test's deadline.
func (r *rig) await(queue, id string, ok func(tasks.Status) bool) tasks.Status {
	r.t.Helper()
	deadline := time.Now().Add(20 * time.Second)
	for {
		s, found, err := r.client.Status(r.t.Context(), queue, id)
		if err != nil {
			r.t.Fatal(err)
		}
		if found && ok(s) {
			return s
		}
		if time.Now().After(deadline) {
			r.t.Fatalf("task %s in %s did not get there: %+v (found %v)", id, queue, s, found)
		}
		time.Sleep(2 * time.Millisecond)
	}
}

func inState(state tasks.State) func(tasks.Status) bool {
	return func(s tasks.Status) bool { return s.State == state }
}

// awaitLog returns once a line with the message and the field's value is logged.
func (r *rig) awaitLog(message, field, value string) {
	r.t.Helper()
	deadline := time.Now().Add(20 * time.Second)
	for r.logs.FilterMessage(message).FilterField(zap.String(field, value)).Len() == 0 {
		if time.Now().After(deadline) {
			r.t.Fatalf("no line %q with %s %s: %v", message, field, value, r.logs.All())
		}
		time.Sleep(2 * time.Millisecond)
	}
}

// inspector is asynq's.
func (r *rig) inspector() *asynq.Inspector { return asynq.NewInspectorFromRedisClient(r.redis) }

type handlers = map[string]func(context.Context, *tasks.Task, note) (any, error)

func nothing(context.Context, *tasks.Task, note) (any, error) { return nil, nil }

// runByHand makes a task of the agents' queue ready.
func (r *rig) runByHand(id string) {
	r.t.Helper()
	if h := r.client.Run(r.t.Context(), []tasks.Name{{Queue: "agents", ID: id}})[0]; h.Err != nil {
		r.t.Fatal(h.Err)
	}
}

// cancel publishes that a task is cancelled, as asynqmon does, once that is heard.
func (r *rig) cancel(id string) error {
	r.t.Helper()
	for deadline := time.Now().Add(20 * time.Second); r.group.cancellations.listener.Check(r.t.Context()) != nil; time.Sleep(time.Millisecond) {
		if time.Now().After(deadline) {
			r.t.Fatal("cancellations are not heard")
		}
	}
	return r.inspector().CancelProcessing(id)
}

// lease returns the end of the lease of a task of the agents' queue.
func (r *rig) lease(id string) float64 {
	r.t.Helper()
	ends, err := r.redis.ZScore(r.t.Context(), format.Key("agents", "lease"), id).Result()
	if err != nil {
		r.t.Fatal(err)
	}
	return ends
}
