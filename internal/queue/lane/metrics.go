package lane

import (
	"github.com/prometheus/client_golang/prometheus"
)

// Metrics count what the lanes of a process do.
type Metrics struct {
	started  *prometheus.CounterVec
	ended    *prometheus.CounterVec
	duration *prometheus.HistogramVec
	busy     *prometheus.GaugeVec
	overdue  *prometheus.GaugeVec
	rescued  *prometheus.CounterVec
	odd      *prometheus.CounterVec
	trimmed  *prometheus.CounterVec
}

// NewMetrics registers the metrics of lanes with reg.
func NewMetrics(reg prometheus.Registerer) *Metrics {
	counter := func(name, help string, labels ...string) *prometheus.CounterVec {
		return prometheus.NewCounterVec(prometheus.CounterOpts{Name: name, Help: help}, labels)
	}
	gauge := func(name, help string, labels ...string) *prometheus.GaugeVec {
		return prometheus.NewGaugeVec(prometheus.GaugeOpts{Name: name, Help: help}, labels)
	}
	m := &Metrics{
		started: counter("switchyard_attempts_started_total", "Attempts begun.", "queue", "kind"),
		ended: counter("switchyard_attempts_ended_total",
			"Attempts ended, by outcome: succeeded, retried, dead, cancelled, expired, parked, handed_back, cut_off.", "queue", "kind", "outcome"),
		duration: prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Name: "switchyard_attempt_duration_seconds", Help: "How long attempts took.",
			Buckets: []float64{.005, .025, .1, .5, 1, 5, 15, 60, 240, 300},
		}, []string{"queue", "kind"}),
		busy:    gauge("switchyard_slots_busy", "Slots with an attempt in them.", "queue"),
		overdue: gauge("switchyard_handlers_overdue", "Handlers that run on although their attempt has ended.", "queue", "kind"),
		rescued: counter("switchyard_tasks_rescued_total", "Tasks of lost workers that this one made ready again.", "queue"),
		odd:     counter("switchyard_redis_mended_total", "Keys and tasks found wrong in Redis, and put right or moved aside.", "queue"),
		trimmed: counter("switchyard_dead_tasks_deleted_total", "Dead tasks deleted because the dead letter was full or they were too old.", "queue"),
	}
	reg.MustRegister(m.started, m.ended, m.duration, m.busy, m.overdue, m.rescued, m.odd, m.trimmed)
	return m
}
