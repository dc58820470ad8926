package queue

import (
	"context"
	"slices"
	"testing"
	"time"

	"github.com/hibiken/asynq"
	"github.com/prometheus/client_golang/prometheus"
	"go.uber.org/zap"

	"switchyard/internal/redistest"
	"switchyard/internal/routing"
	"switchyard/internal/tasks"
)

// BenchmarkPickup measures how long a task waits for an idle worker, beside an asynq
// server with its default settings, on one redis-server. Run it with
//
//	go test -run '^$' -bench Pickup -benchtime 50x ./internal/queue
func BenchmarkPickup(b *testing.B) {
	client := redistest.Client(b, redistest.Server(b).Addr)
	picked := make(chan time.Time, 1)
	b.Run("switchyard", func(b *testing.B) {
		definition := tasks.Define("agent_a", 1, func(context.Context, *tasks.Task, note) (any, error) {
			picked <- time.Now()
			return nil, nil
		})
		catalog, err := tasks.NewCatalog(0, definition)
		if err != nil {
			b.Fatal(err)
		}
		table, err := routing.New(queues, nil, nil)
		if err != nil {
			b.Fatal(err)
		}
		c := NewClient(client, table, catalog, queues)
		lane := NewLane(client, c, NewMetrics(prometheus.NewRegistry()), zap.NewNop(), LaneOptions{Queue: "agents", Concurrency: 10, Poll: time.Second})
		ctx, cancel := context.WithCancel(context.Background())
		done := make(chan error, 1)
		go func() { done <- lane.Run(ctx, ctx) }()
		measurePickup(b, picked, func() error {
			_, err := c.Enqueue(ctx, note{kind: "agent_a"}, tasks.Options{})
			return err
		})
		cancel()
		if err := <-done; err != nil {
			b.Fatal(err)
		}
	})
	b.Run("asynq", func(b *testing.B) {
		server := asynq.NewServerFromRedisClient(client, asynq.Config{Concurrency: 10, LogLevel: asynq.FatalLevel})
		err := server.Start(asynq.HandlerFunc(func(context.Context, *asynq.Task) error {
			picked <- time.Now()
			return nil
		}))
		if err != nil {
			b.Fatal(err)
		}
		c := asynq.NewClientFromRedisClient(client)
		measurePickup(b, picked, func() error {
			_, err := c.Enqueue(asynq.NewTask("a", nil))
			return err
		})
		server.Shutdown()
	})
}

// measurePickup sends one task at a time to a worker that has gone idle meanwhile.
func measurePickup(b *testing.B, picked <-chan time.Time, enqueue func() error) {
	var waits []time.Duration
	for b.Loop() {
		time.Sleep(20 * time.Millisecond) // lets the worker find its queue empty
		sent := time.Now()
		if err := enqueue(); err != nil {
			b.Fatal(err)
		}
		waits = append(waits, (<-picked).Sub(sent))
	}
	slices.Sort(waits)
	b.ReportMetric(float64(waits[len(waits)/2].Microseconds())/1000, "p50-ms")
	b.ReportMetric(float64(waits[len(waits)*99/100].Microseconds())/1000, "p99-ms")
}
