package celery

import "github.com/prometheus/client_golang/prometheus"

// Metrics count what goes through the door.
type Metrics struct {
	taken   *prometheus.CounterVec
	waiting *prometheus.GaugeVec
	duty    prometheus.Gauge
	swept   prometheus.Counter
}

// The outcomes of messages that were taken in.
const (
	added   = "added"
	passed  = "passed"
	refused = "refused"
	revoked = "revoked"
	expired = "expired"
)

// NewMetrics registers the metrics of a door.
func NewMetrics(r prometheus.Registerer) *Metrics {
	m := &Metrics{
		taken: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "switchyard_celery_messages_total",
			Help: "Messages of Celery taken in, by queue and outcome: added, passed (on to Celery's workers), refused, revoked or expired.",
		}, []string{"queue", "outcome"}),
		waiting: prometheus.NewGaugeVec(prometheus.GaugeOpts{
			Name: "switchyard_celery_waiting",
			Help: "Messages of Celery that wait in the lists of a queue, told by the worker on duty.",
		}, []string{"queue"}),
		duty: prometheus.NewGauge(prometheus.GaugeOpts{
			Name: "switchyard_celery_duty", Help: "1 if this worker takes messages of Celery in, 0 if another does.",
		}),
		swept: prometheus.NewCounter(prometheus.CounterOpts{
			Name: "switchyard_celery_swept_total", Help: "Results told to Celery's clients that whoever ended the task had left behind.",
		}),
	}
	r.MustRegister(m.taken, m.waiting, m.duty, m.swept)
	return m
}
