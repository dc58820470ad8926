package queue

import (
	"cmp"
	"context"
	"sync/atomic"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/redis/go-redis/v9"
	"go.uber.org/goleak"

	"switchyard/internal/queue/lane"
	"switchyard/internal/routing"
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
	queues  = []string{routing.Agents, routing.Briefings, routing.Scraping, routing.Default}
)

// rig is a client and the lanes started beside it.
type rig struct {
	*queuetest.Rig
	client *Client
}

func newRig(t *testing.T, client redis.UniversalClient, policies map[string]routing.Patch, performed handlers) *rig {
	t.Helper()
	r := &rig{Rig: queuetest.New(t, client, queues, policies, performed)}
	r.client = NewClient(client, r.Table, r.Catalog, queues, telemetry.None())
	r.Client = r.client
	return r
}

// start runs a lane and returns how to stop it with a drain of the given length.
func (r *rig) start(opts lane.Options) (stop func(drain time.Duration)) {
	opts.Poll = cmp.Or(opts.Poll, 10*time.Millisecond)
	return r.Start(lane.New(lane.Deps{
		Redis: r.Redis, Table: r.Table, Catalog: r.Catalog, Handlers: r.Handlers, Traces: telemetry.None(), Wake: r.client.Wake,
		Metrics: lane.NewMetrics(prometheus.NewRegistry()), Log: r.Log,
	}, opts).Run)
}

// counted calls do after a number of commands and pipelines.
type counted struct {
	left atomic.Int64
	do   func()
}

func afterCommands(n int64, do func()) *counted {
	c := &counted{do: do}
	c.left.Store(n)
	return c
}

func (c *counted) count() {
	if c.left.Add(-1) == 0 {
		c.do()
	}
}

// DialHook implements [redis.Hook].
func (c *counted) DialHook(next redis.DialHook) redis.DialHook { return next }

// ProcessHook implements [redis.Hook].
func (c *counted) ProcessHook(next redis.ProcessHook) redis.ProcessHook {
	return func(ctx context.Context, cmd redis.Cmder) error {
		defer c.count()
		return next(ctx, cmd)
	}
}

// ProcessPipelineHook implements [redis.Hook].
func (c *counted) ProcessPipelineHook(next redis.ProcessPipelineHook) redis.ProcessPipelineHook {
	return func(ctx context.Context, cmds []redis.Cmder) error {
		defer c.count()
		return next(ctx, cmds)
	}
}
