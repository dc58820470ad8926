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
	"switchyard/internal/redact"
	"switchyard/internal/routing"
	"switchyard/internal/tasks"
	"switchyard/internal/telemetry"
)

// ours is Switchyard as a worker runs it: the lane with its routing, its catalog, its
// metrics and its log, which is written to the null device as the daemon writes to its own.
type ours struct {
	redis redis.UniversalClient
	table *routing.Table
	lane  queue.LaneOptions
	log   *zap.Logger

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
		lane: queue.LaneOptions{Queue: oursQueue, Fetchers: o.Fetchers, Poll: o.Poll},
		log:  zap.New(zapcore.NewCore(daemon.Encoder(daemon.FormatJSON), zapcore.Lock(zapcore.AddSync(redact.Process.Writer(null))), zap.InfoLevel)),
	}
	s.client, err = s.newClient(func(int) {})
	return s, err
}

// newClient returns a client whose catalog has the one kind, performed by handle.
func (s *ours) newClient(handle func(seq int)) (*queue.Client, error) {
	catalog, err := tasks.NewCatalog(0, tasks.Define(kind, 1, func(_ context.Context, _ *tasks.Task, j job) (any, error) {
		handle(j.Seq)
		return nil, nil
	}))
	if err != nil {
		return nil, err
	}
	return queue.NewClient(s.redis, s.table, catalog, []string{oursQueue}, telemetry.None()), nil
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
	for _, j := range jobs {
		if err := s.enqueue(ctx, j); err != nil {
			return err
		}
	}
	return nil
}

// stopWithin is how long a stopped worker gets for the handlers that still run. They do
// nothing, so it needs none of it.
const stopWithin = 5 * time.Second

// start implements system.
func (s *ours) start(slots int, handle func(seq int)) (func() error, error) {
	client, err := s.newClient(handle)
	if err != nil {
		return nil, err
	}
	options := s.lane
	options.Concurrency = slots
	lane := queue.NewLane(s.redis, client, queue.NewMetrics(prometheus.NewRegistry()), s.log, options)
	ctx, cancel := context.WithCancel(context.Background())
	drain, release := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- lane.Run(ctx, drain) }()
	return func() error {
		cancel()
		defer time.AfterFunc(stopWithin, release).Stop()
		defer release()
		return <-done
	}, nil
}
