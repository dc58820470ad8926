package queue

import (
	"switchyard/internal/tasks"

	"github.com/hibiken/asynq"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/redis/go-redis/v9"
)

// Backlog is a collector of what waits in Redis, read when the metrics are.
type Backlog struct {
	inspector *asynq.Inspector
	tasks     *prometheus.Desc
	oldest    *prometheus.Desc
}

// NewBacklog returns a collector for every queue that Redis knows.
func NewBacklog(client redis.UniversalClient) *Backlog {
	return &Backlog{
		inspector: asynq.NewInspectorFromRedisClient(client),
		tasks:     prometheus.NewDesc("switchyard_queue_tasks", "Tasks in a queue, by state: those that are parked count as retrying, those that were cancelled or have expired as failed.", []string{"queue", "state"}, nil),
		oldest:    prometheus.NewDesc("switchyard_queue_oldest_waiting_seconds", "Age of the task that has waited longest.", []string{"queue"}, nil),
	}
}

// Describe implements [prometheus.Collector].
func (b *Backlog) Describe(ch chan<- *prometheus.Desc) {
	ch <- b.tasks
	ch <- b.oldest
}

// Collect implements [prometheus.Collector]. With Redis away it reports the error.
func (b *Backlog) Collect(ch chan<- prometheus.Metric) {
	queues, err := b.inspector.Queues()
	if err != nil {
		ch <- prometheus.NewInvalidMetric(b.tasks, err)
		return
	}
	for _, q := range queues {
		info, err := b.inspector.GetQueueInfo(q)
		if err != nil {
			ch <- prometheus.NewInvalidMetric(b.tasks, err)
			continue
		}
		for state, n := range map[tasks.State]int{
			tasks.StateWaiting: info.Pending, tasks.StateRunning: info.Active, tasks.StateScheduled: info.Scheduled, tasks.StateHeld: info.Aggregating,
			tasks.StateRetrying: info.Retry, tasks.StateFailed: info.Archived, tasks.StateSucceeded: info.Completed,
		} {
			ch <- prometheus.MustNewConstMetric(b.tasks, prometheus.GaugeValue, float64(n), q, string(state))
		}
		ch <- prometheus.MustNewConstMetric(b.oldest, prometheus.GaugeValue, info.Latency.Seconds(), q)
	}
}
