package queue

import (
	"time"

	"github.com/hibiken/asynq"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/redis/go-redis/v9"

	"switchyard/internal/tasks"
)

// Metrics count what the lanes of a process do.
type Metrics struct {
	started  *prometheus.CounterVec
	ended    *prometheus.CounterVec
	duration *prometheus.HistogramVec
	busy     *prometheus.GaugeVec
	overdue  *prometheus.GaugeVec
	rescued  *prometheus.CounterVec
}

// NewMetrics registers the metrics of lanes with reg.
func NewMetrics(reg prometheus.Registerer) *Metrics {
	labels := []string{"queue", "kind"}
	m := &Metrics{
		started: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "switchyard_attempts_started_total", Help: "Attempts begun.",
		}, labels),
		ended: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "switchyard_attempts_ended_total", Help: "Attempts ended, by outcome: succeeded, retried, dead, parked, handed_back, cut_off.",
		}, append(labels, "outcome")),
		duration: prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Name: "switchyard_attempt_duration_seconds", Help: "How long attempts took.",
			Buckets: []float64{.005, .025, .1, .5, 1, 5, 15, 60, 240, 300},
		}, labels),
		busy: prometheus.NewGaugeVec(prometheus.GaugeOpts{
			Name: "switchyard_slots_busy", Help: "Slots with an attempt in them.",
		}, []string{"queue"}),
		overdue: prometheus.NewGaugeVec(prometheus.GaugeOpts{
			Name: "switchyard_handlers_overdue", Help: "Handlers that run on although their attempt has ended.",
		}, labels),
		rescued: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "switchyard_tasks_rescued_total", Help: "Tasks of lost workers that this one made ready again.",
		}, []string{"queue"}),
	}
	reg.MustRegister(m.started, m.ended, m.duration, m.busy, m.overdue, m.rescued)
	return m
}

func (m *Metrics) begin(queue, kind string) {
	m.started.WithLabelValues(queue, kind).Inc()
	m.busy.WithLabelValues(queue).Inc()
}

func (m *Metrics) end(queue, kind string, outcome tasks.Outcome, took time.Duration) {
	m.ended.WithLabelValues(queue, kind, string(outcome)).Inc()
	m.duration.WithLabelValues(queue, kind).Observe(took.Seconds())
	m.busy.WithLabelValues(queue).Dec()
}

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
