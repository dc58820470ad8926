package lane

import (
	"cmp"
	"fmt"
	"testing"
	"time"

	"github.com/hibiken/asynq"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/redis/go-redis/v9"
	"go.uber.org/goleak"

	"switchyard/internal/queue"
	"switchyard/internal/queue/format"
	"switchyard/internal/routing"
	"switchyard/internal/tasks"
	"switchyard/internal/telemetry"
	"switchyard/test/queuetest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

type (
	note     = queuetest.Note
	handlers = queuetest.Handlers
)

var (
	nothing = queuetest.Nothing
	inState = queuetest.InState
)

var queues = moreQueues(routing.Agents, routing.Briefings, routing.Scraping, routing.Default, "agents_high")

func moreQueues(queues ...string) []string {
	for i := range 50 {
		queues = append(queues, fmt.Sprintf("more-%d", i))
	}
	return queues
}

// rig is a client and the lanes started beside it.
type rig struct {
	*queuetest.Rig
	client  *queue.Client
	metrics *Metrics
	deps    Deps
	group   *Group // started last
}

func newRig(t *testing.T, client redis.UniversalClient, policies map[string]routing.Patch, performed handlers) *rig {
	t.Helper()
	r := &rig{Rig: queuetest.New(t, client, queues, policies, performed), metrics: NewMetrics(prometheus.NewRegistry())}
	r.client = queue.NewClient(client, r.Table, r.Catalog, queues, telemetry.None())
	r.Client = r.client
	r.deps = Deps{Redis: client, Table: r.Table, Catalog: r.Catalog, Handlers: r.Handlers, Traces: telemetry.None(), Wake: r.client.Wake, Metrics: r.metrics, Log: r.Log}
	return r
}

// start runs a lane and returns how to stop it with a drain of the given length.
func (r *rig) start(opts Options) (stop func(drain time.Duration)) {
	r.T.Helper()
	return r.startLane(func(*lane) {}, opts)
}

// startLane is start for a lane that is prepared before it runs.
func (r *rig) startLane(prepare func(*lane), opts Options) (stop func(drain time.Duration)) {
	r.T.Helper()
	opts.Poll = cmp.Or(opts.Poll, 10*time.Millisecond)
	group := New(r.deps, opts)
	prepare(group.lanes[0])
	return r.run(group)
}

// startGroup is start for a worker of several queues.
func (r *rig) startGroup(options ...Options) (stop func(drain time.Duration)) {
	r.T.Helper()
	return r.run(New(r.deps, options...))
}

func (r *rig) run(group *Group) (stop func(drain time.Duration)) {
	r.group = group
	return r.Start(group.Run)
}

// lane returns a lane that does nothing by itself.
func (r *rig) lane(opts Options) *lane { return New(r.deps, opts).lanes[0] }

// take has a lane take tasks of its queue that it then holds and does not perform.
func (r *rig) take(l *lane, n int) []*attempt {
	r.T.Helper()
	reply, err := l.step(&trip{source: l.sources[0], take: n, sent: time.Now()})
	if err != nil {
		r.T.Fatal(err)
	}
	for _, a := range reply.taken {
		l.leases.add(a)
	}
	return reply.taken
}

// inspector is asynq's.
func (r *rig) inspector() *asynq.Inspector { return asynq.NewInspectorFromRedisClient(r.Redis) }

// runByHand makes a task of the agents' queue ready.
func (r *rig) runByHand(id string) {
	r.T.Helper()
	if h := r.client.Run(r.T.Context(), []tasks.Name{{Queue: "agents", ID: id}})[0]; h.Err != nil {
		r.T.Fatal(h.Err)
	}
}

// cancel publishes that a task is cancelled, as asynqmon does, once that is heard.
func (r *rig) cancel(id string) error {
	r.T.Helper()
	for deadline := time.Now().Add(time.Minute); r.group.cancellations.listener.Check(r.T.Context()) != nil; time.Sleep(time.Millisecond) {
		if time.Now().After(deadline) {
			r.T.Fatal("cancellations are not heard")
		}
	}
	return r.inspector().CancelProcessing(id)
}

// lease returns the end of the lease of a task of the agents' queue.
func (r *rig) lease(id string) float64 {
	r.T.Helper()
	ends, err := r.Redis.ZScore(r.T.Context(), format.Key("agents", "lease"), id).Result()
	if err != nil {
		r.T.Fatal(err)
	}
	return ends
}
