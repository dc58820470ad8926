package lane

import (
	"maps"
	"slices"

	"github.com/prometheus/client_golang/prometheus"

	"switchyard/internal/tasks"
)

// Metrics count what the lanes of a process do.
type Metrics struct {
	started  *prometheus.CounterVec
	ended    *prometheus.CounterVec
	duration *prometheus.HistogramVec
	slots    *prometheus.GaugeVec
	busy     *prometheus.GaugeVec
	overdue  *prometheus.GaugeVec
	trimmed  *prometheus.CounterVec
	*mends
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
			"Attempts ended, by outcome: succeeded, retried, dead, cancelled, expired, parked, postponed, handed_back, cut_off.", "queue", "kind", "outcome"),
		duration: prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Name: "switchyard_attempt_duration_seconds", Help: "How long attempts took.",
			Buckets: []float64{.005, .025, .1, .5, 1, 5, 15, 60, 240, 300},
		}, []string{"queue", "kind"}),
		slots:   gauge("switchyard_slots", "Slots of the queue's lane, which its siblings use, too.", "queue"),
		busy:    gauge("switchyard_slots_busy", "Slots of the queue's lane with an attempt in them, of a sibling, too.", "queue"),
		overdue: gauge("switchyard_handlers_overdue", "Handlers that run on although their attempt has ended.", "queue", "kind"),
		trimmed: counter("switchyard_dead_tasks_deleted_total", "Dead tasks deleted because the dead letter was full or they were too old.", "queue"),
		mends:   newMends(reg),
	}
	reg.MustRegister(m.started, m.ended, m.duration, m.slots, m.busy, m.overdue, m.trimmed)
	return m
}

// unknownKind stands for kinds that have no handler: anybody can invent some.
const unknownKind = "unknown"

// begin has the series of a queue there before their first step up, which nobody would see
// otherwise. Any kind may come in any queue; only of those that belong there the durations are
// there before they are known, as each has many series.
func (m *Metrics) begin(s *source) {
	m.trimmed.WithLabelValues(s.queue)
	for _, kind := range append(slices.Collect(maps.Keys(s.lane.Handlers)), unknownKind) {
		m.started.WithLabelValues(s.queue, kind)
		for _, outcome := range tasks.Outcomes {
			m.ended.WithLabelValues(s.queue, kind, string(outcome))
		}
		if route, err := s.lane.Table.Route(kind); err == nil && route.Queue == s.queue {
			m.duration.WithLabelValues(s.queue, kind)
			m.overdue.WithLabelValues(s.queue, kind)
		}
	}
}
