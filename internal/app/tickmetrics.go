package app

import (
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"switchyard/internal/schedule"
)

// tickMetrics count ticks and rounds.
type tickMetrics struct {
	kinds     map[string]bool
	ticks     *prometheus.CounterVec
	lag       prometheus.Histogram
	broken    prometheus.Counter
	rounds    *prometheus.CounterVec
	lastRound prometheus.Gauge
}

// unknownKind stands for kinds that have no handler: anybody can invent some.
const unknownKind = "unknown"

// newTickMetrics returns the metrics of a scheduler that knows some kinds. Every series is there
// from the start, or its first step up would not be seen.
func newTickMetrics(reg prometheus.Registerer, kinds []string) *tickMetrics {
	m := &tickMetrics{
		kinds: make(map[string]bool),
		ticks: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "switchyard_schedule_ticks_total", Help: "Ticks, by outcome: enqueued, duplicate, refused, skipped, failed.",
		}, []string{"kind", "outcome"}),
		lag: prometheus.NewHistogram(prometheus.HistogramOpts{
			Name: "switchyard_schedule_lag_seconds", Help: "How late ticks were enqueued.",
			Buckets: []float64{.005, .01, .05, .1, .5, 1, 5, 15, 60, 600, 3600},
		}),
		broken: prometheus.NewCounter(prometheus.CounterOpts{
			Name: "switchyard_schedule_broken_entries_total", Help: "Due entries that could not be read or worked out, and were repaired or put aside.",
		}),
		rounds: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "switchyard_schedule_rounds_total", Help: "Rounds through what is due, by outcome: done, failed.",
		}, []string{"outcome"}),
		lastRound: prometheus.NewGauge(prometheus.GaugeOpts{
			Name: "switchyard_schedule_last_round_timestamp_seconds", Help: "When the last round was done, Unix time; 0: none yet.",
		}),
	}
	for _, kind := range append(kinds, unknownKind) {
		m.kinds[kind] = true
		for _, outcome := range []schedule.Outcome{schedule.Enqueued, schedule.Duplicate, schedule.Refused, schedule.Skipped, schedule.Failed} {
			m.ticks.WithLabelValues(kind, string(outcome))
		}
	}
	m.rounds.WithLabelValues("done")
	m.rounds.WithLabelValues("failed")
	reg.MustRegister(m.ticks, m.lag, m.broken, m.rounds, m.lastRound)
	return m
}

// ObserveTick implements [schedule.Observer].
func (m *tickMetrics) ObserveTick(kind string, outcome schedule.Outcome, lag time.Duration) {
	if !m.kinds[kind] {
		kind = unknownKind
	}
	m.ticks.WithLabelValues(kind, string(outcome)).Inc()
	if outcome == schedule.Enqueued {
		m.lag.Observe(lag.Seconds())
	}
}

// ObserveBroken implements [schedule.Observer].
func (m *tickMetrics) ObserveBroken() { m.broken.Inc() }

// ObserveRound implements [schedule.Observer].
func (m *tickMetrics) ObserveRound(err error) {
	if err != nil {
		m.rounds.WithLabelValues("failed").Inc()
		return
	}
	m.rounds.WithLabelValues("done").Inc()
	m.lastRound.SetToCurrentTime()
}
