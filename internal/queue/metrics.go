package queue

import (
	"context"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/redis/go-redis/v9"

	"switchyard/internal/tasks"
)

// collectWithin bounds what a scrape waits for Redis.
const collectWithin = 5 * time.Second

// Backlog is a collector of what waits in Redis, read when the metrics are.
type Backlog struct {
	redis  redis.UniversalClient
	tasks  *prometheus.Desc
	oldest *prometheus.Desc
}

// NewBacklog returns a collector for every queue that Redis knows.
func NewBacklog(client redis.UniversalClient) *Backlog {
	return &Backlog{
		redis:  client,
		tasks:  prometheus.NewDesc("switchyard_queue_tasks", "Tasks in a queue, by state: those that are parked count as retrying, those that were cancelled or have expired as failed.", []string{"queue", "state"}, nil),
		oldest: prometheus.NewDesc("switchyard_queue_oldest_waiting_seconds", "Age of the task that has waited longest.", []string{"queue"}, nil),
	}
}

// Describe implements [prometheus.Collector].
func (b *Backlog) Describe(ch chan<- *prometheus.Desc) {
	ch <- b.tasks
	ch <- b.oldest
}

// Collect implements [prometheus.Collector]. With Redis away it reports the error.
func (b *Backlog) Collect(ch chan<- prometheus.Metric) {
	ctx, cancel := context.WithTimeout(context.Background(), collectWithin)
	defer cancel()
	sizes, err := sizesOf(ctx, b.redis)
	if err != nil {
		ch <- prometheus.NewInvalidMetric(b.tasks, err)
		return
	}
	for _, s := range sizes {
		for state, n := range map[tasks.State]int{
			tasks.StateWaiting: s.Waiting, tasks.StateRunning: s.Running, tasks.StateScheduled: s.Scheduled, tasks.StateHeld: s.Held,
			tasks.StateRetrying: s.Retrying, tasks.StateFailed: s.Failed, tasks.StateSucceeded: s.Succeeded,
		} {
			ch <- prometheus.MustNewConstMetric(b.tasks, prometheus.GaugeValue, float64(n), s.Queue, string(state))
		}
		ch <- prometheus.MustNewConstMetric(b.oldest, prometheus.GaugeValue, s.Oldest.Seconds(), s.Queue)
	}
}
