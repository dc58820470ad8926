package bench

import (
	"context"
	"fmt"
	"os"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/redis/go-redis/v9"
	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"

	"switchyard/internal/daemon"
	"switchyard/internal/queue"
	"switchyard/internal/queue/lane"
	"switchyard/internal/redact"
	"switchyard/internal/routing"
	"switchyard/internal/tasks"
	"switchyard/internal/telemetry"
)

// ours is Switchyard as a worker runs it: the lane with its routing, its catalog, its
// metrics and its log, which is written to the null device as the daemon writes to its own.
type ours struct {
	redis   redis.UniversalClient
	table   *routing.Table
	catalog *tasks.Catalog
	lane    lane.Options
	log     *zap.Logger

	client *queue.Client
}

func newOurs(o Options) (*ours, error) {
	// asynq keeps nothing of a finished task unless told to: neither do we here.
	policies := map[string]routing.Patch{kind: {Retention: new(time.Duration(0))}}
	table, err := routing.New([]string{oursQueue}, []routing.Rule{{Pattern: kind, Queue: oursQueue}}, policies)
	if err != nil {
		return nil, err
	}
	null, err := os.OpenFile(os.DevNull, os.O_WRONLY, 0)
	if err != nil {
		return nil, fmt.Errorf("open a log: %w", err)
	}
	s := &ours{
		redis: o.Redis, table: table,
		lane: lane.Options{Queue: oursQueue, Fetchers: o.Fetchers, Poll: o.Poll},
		log:  zap.New(zapcore.NewCore(daemon.Encoder(daemon.FormatJSON), zapcore.Lock(zapcore.AddSync(redact.Process.Log(null))), zap.InfoLevel)),
	}
	if s.catalog, err = tasks.NewCatalog(0, tasks.KindOf[job](kind, 1)); err != nil {
		return nil, err
	}
	s.client = queue.NewClient(s.redis, s.table, s.catalog, []string{oursQueue}, telemetry.None())
	return s, nil
}

// enqueue implements system.
func (s *ours) enqueue(ctx context.Context, j job) error {
	receipt, err := s.client.Enqueue(ctx, j, tasks.Options{})
	if err == nil && receipt.Duplicate {
		return fmt.Errorf("task %d was taken for a duplicate", j.Seq)
	}
	return err
}

// enqueueAll implements system.
func (s *ours) enqueueAll(ctx context.Context, jobs []job) error {
	all := make([]tasks.New, len(jobs))
	for i, j := range jobs {
		all[i].Args = j
	}
	for i, added := range s.client.EnqueueMany(ctx, all) {
		if added.Err != nil {
			return added.Err
		}
		if added.Receipt.Duplicate {
			return fmt.Errorf("task %d was taken for a duplicate", jobs[i].Seq)
		}
	}
	return nil
}

// stopWithin is how long a stopped worker gets for the handlers that still run. They do
// nothing, so it needs none of it.
const stopWithin = 5 * time.Second

// start implements system.
func (s *ours) start(slots int, handle func(seq int)) (func() error, error) {
	perform := tasks.Handle(func(_ context.Context, _ *tasks.Task, j job) (any, error) {
		handle(j.Seq)
		return nil, nil
	})
	options := s.lane
	options.Concurrency = slots
	lanes := lane.New(lane.Deps{
		Redis: s.redis, Table: s.table, Catalog: s.catalog, Handlers: tasks.Handlers{kind: perform}, Traces: telemetry.None(), Wake: s.client.Wake,
		Metrics: lane.NewMetrics(prometheus.NewRegistry()), Log: s.log,
	}, options)
	ctx, cancel := context.WithCancel(context.Background())
	drain, release := context.WithCancel(context.Background())
	done := make(chan struct{})
	go func() {
		defer close(done)
		lanes.Run(ctx, drain)
	}()
	return func() error {
		cancel()
		defer time.AfterFunc(stopWithin, release).Stop()
		defer release()
		<-done
		return nil
	}, nil
}
