package remote

import (
	"context"
	"encoding/json"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/redis/go-redis/v9"
	"go.opentelemetry.io/otel/trace/noop"
	"go.uber.org/goleak"
	"go.uber.org/zap"

	"switchyard/internal/audit"
	"switchyard/internal/celery/broker"
	"switchyard/internal/celery/wire"
	"switchyard/internal/control"
	"switchyard/internal/events"
	"switchyard/internal/queue"
	"switchyard/internal/queue/lane"
	"switchyard/internal/routing"
	"switchyard/internal/tasks"
	"switchyard/test/redistest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// kinds are those that Celery performs in these tests.
var kinds = map[string]Kind{
	"report":      {Task: "app.report", Args: []string{"pages", "title"}, Queue: "reports.py", Priority: 3},
	"agent_miner": {Task: "app.mine", Args: []string{"user_id"}, User: "user_id", Input: "*", Queue: "mine.py"},
}

// rig is a queue of ours and a Redis of Celery's, whose worker the test is.
type rig struct {
	t      *testing.T
	ours   redis.UniversalClient
	celery redis.UniversalClient
	broker *broker.Broker
	queue  *queue.Client
	brake  *control.Brake
	heard  <-chan *redis.Message // on the channel of control

	table   *routing.Table
	catalog *tasks.Catalog

	mu       sync.Mutex
	progress []string
}

// everywhere runs a test on each Redis that ours may be. That of Celery is the same but for a cluster.
func everywhere(t *testing.T, test func(r *rig)) {
	t.Helper()
	redistest.Together(t, func(t *testing.T, ours redis.UniversalClient) {
		celery := ours
		if _, cluster := ours.(*redis.ClusterClient); cluster {
			celery = redistest.Client(t, redistest.Mini(t).Addr())
		}
		test(newRig(t, ours, celery))
	})
}

func newRig(t *testing.T, ours, celery redis.UniversalClient) *rig {
	t.Helper()
	r := &rig{t: t, ours: ours, celery: celery}
	names := broker.Names{Separator: "\x06\x16", Steps: []int{0, 3, 6, 9}, FanoutPrefix: "/{db}."}
	r.broker = broker.New(celery, names, "switchyard:")
	var all []tasks.Kind
	for name, k := range kinds {
		all = append(all, k.Define(name))
	}
	var err error
	if r.catalog, err = tasks.NewCatalog(0, all...); err != nil {
		t.Fatal(err)
	}
	delay := time.Millisecond
	policy := routing.Patch{Retries: new(1), RetryDelay: &delay, SoftLimit: new(2 * time.Minute), HardLimit: new(3 * time.Minute)}
	if r.table, err = routing.New([]string{"default", "agents"}, nil, map[string]routing.Patch{"report": policy, "agent_miner": policy}); err != nil {
		t.Fatal(err)
	}
	r.queue = queue.NewClient(ours, r.table, r.catalog, []string{"default", "agents"}, noop.NewTracerProvider())
	r.brake = control.NewBrake(ours, "switchyard:", events.NewLog(ours, "switchyard:", "test"))
	pubsub := celery.Subscribe(t.Context(), r.broker.Fanout("celery.pidbox"))
	if _, err := pubsub.Receive(t.Context()); err != nil {
		t.Fatal(err)
	}
	r.heard = pubsub.Channel()
	t.Cleanup(func() { _ = pubsub.Close() })
	return r
}

// worker starts a worker of ours with a single slot for each queue, and returns how to stop it.
func (r *rig) worker() (stop func()) {
	r.t.Helper()
	guard := control.NewGuard(r.brake, zap.NewNop())
	remote := New(kinds, Deps{
		Redis: r.ours, Prefix: "switchyard:", Broker: r.broker, Backend: r.celery, Queue: r.queue, Brake: guard, Brakes: r.brake,
		Progress: r.keep, Log: zap.NewNop(),
	})
	lanes := lane.New(lane.Deps{
		Redis: r.ours, Table: r.table, Catalog: r.catalog, Handlers: remote.Handlers(), Traces: noop.NewTracerProvider(), Wake: r.queue.Wake,
		Metrics: lane.NewMetrics(prometheus.NewRegistry()), Log: zap.NewNop(),
	}, lane.Options{Queue: "default", Concurrency: 1, Poll: 10 * time.Millisecond}, lane.Options{Queue: "agents", Concurrency: 1, Poll: 10 * time.Millisecond})
	ctx, cancel := context.WithCancel(r.t.Context())
	var running sync.WaitGroup
	running.Go(func() { lanes.Run(ctx, ctx) })
	running.Go(func() { remote.Run(ctx) })
	stop = sync.OnceFunc(func() { cancel(); running.Wait() })
	r.t.Cleanup(stop)
	return stop
}

func (r *rig) keep(ctx context.Context, name tasks.Name, attempt int, progress []byte) error {
	r.mu.Lock()
	r.progress = append(r.progress, string(progress))
	r.mu.Unlock()
	return r.queue.KeepProgress(ctx, &tasks.Task{ID: name.ID, Queue: name.Queue, Attempt: attempt}, progress)
}

// enqueue adds a task of a kind.
func (r *rig) enqueue(kind, payload string, adjust ...func(*tasks.Options)) tasks.Receipt {
	r.t.Helper()
	var o tasks.Options
	o.Retention = time.Hour
	for _, a := range adjust {
		a(&o)
	}
	receipt, err := r.queue.Enqueue(r.t.Context(), tasks.Raw{Name: kind, Payload: json.RawMessage(payload)}, o)
	if err != nil {
		r.t.Fatal(err)
	}
	return receipt
}

// await waits until something has come about.
func (r *rig) await(what string, done func() bool) {
	r.t.Helper()
	for end := time.Now().Add(30 * time.Second); !done(); time.Sleep(5 * time.Millisecond) {
		if time.Now().After(end) {
			r.t.Fatalf("waited in vain for %s", what)
		}
	}
}

// is waits until a task is in a state, and returns it.
func (r *rig) is(task tasks.Receipt, state tasks.State) (status tasks.Status) {
	r.t.Helper()
	r.await("the state "+string(state)+" of "+task.ID, func() bool {
		status, _, _ = r.queue.Status(r.t.Context(), task.Queue, task.ID)
		return status.State == state
	})
	return status
}

// lists are where the messages of the kinds go.
const (
	reports = "reports.py\x06\x163"
	mine    = "mine.py"
)

// take takes the next message of a list, as a worker of Celery does.
func (r *rig) take(list string) wire.Message {
	r.t.Helper()
	var text string
	r.await("a message in "+list, func() bool {
		var err error
		text, err = r.celery.RPop(r.t.Context(), list).Result()
		return err == nil
	})
	m, err := wire.Decode([]byte(text), 1<<20, time.Now())
	if err != nil {
		r.t.Fatal(err)
	}
	return m
}

// none fails if there is another message in a list.
func (r *rig) none(list string) {
	r.t.Helper()
	if n := r.celery.LLen(r.t.Context(), list).Val(); n != 0 {
		r.t.Errorf("%d more messages in %s", n, list)
	}
}

// write writes a result, and says nothing of it.
func (r *rig) write(id, status, result string) string {
	r.t.Helper()
	meta := `{"status": "` + status + `", "result": ` + result + `, "traceback": null, "children": [], "date_done": null, "task_id": "` + id + `"}`
	if err := r.celery.Set(r.t.Context(), "celery-task-meta-"+id, meta, time.Hour).Err(); err != nil {
		r.t.Fatal(err)
	}
	return meta
}

// tell writes a result as a worker of Celery does.
func (r *rig) tell(id, status, result string) {
	r.t.Helper()
	meta := r.write(id, status, result)
	if err := r.celery.Publish(r.t.Context(), "celery-task-meta-"+id, meta).Err(); err != nil {
		r.t.Fatal(err)
	}
}

// terminated waits until the end of a task of Celery's is asked for.
func (r *rig) terminated(id string) {
	r.t.Helper()
	for {
		select {
		case m := <-r.heard:
			var message struct{ Body []byte }
			if err := json.Unmarshal([]byte(m.Payload), &message); err != nil {
				r.t.Fatal(err)
			}
			if said := string(message.Body); strings.Contains(said, id) && strings.HasPrefix(said, `{"method":"revoke"`) && strings.Contains(said, `"terminate":true`) {
				return
			}
		case <-time.After(30 * time.Second):
			r.t.Fatalf("nobody asked for the end of %s", id)
		}
	}
}

// forgotten waits until no call is awaited.
func (r *rig) forgotten() {
	r.t.Helper()
	r.await("no call awaited", func() bool { return r.ours.HLen(r.t.Context(), "switchyard:celery:awaited").Val() == 0 })
}

func (r *rig) operator() *control.Operator {
	return &control.Operator{Brake: r.brake, Runner: r.queue, Audit: audit.NewLog(r.ours, "switchyard:")}
}
