package lane

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/prometheus/client_golang/prometheus"

	"switchyard/internal/routing"
	"switchyard/internal/tasks"
)

// kind is what a lane knows of the tasks of one kind in one queue. It is worked out once for
// each that has a handler: there are so many, and anybody can invent others.
type kind struct {
	label      string // in the metrics, which only know kinds that have a handler
	route      routing.Route
	unroutable error // why no task can have this kind
	version    int   // the latest of its payload that is known here
	handle     tasks.Handler
	unknown    error // why it has no handler here

	started  prometheus.Counter
	done     prometheus.Counter // ended, and succeeded
	duration prometheus.Observer
	busy     prometheus.Gauge
}

// kind returns what is known of a kind in the queue of s.
func (s *source) kind(name string) *kind {
	if known, ok := s.kinds.Load(name); ok {
		return known.(*kind)
	}
	l, k := s.lane, &kind{label: name}
	k.route, k.unroutable = l.Table.Route(name)
	k.handle = l.Handlers[name]
	if known, err := l.Catalog.Lookup(name); err != nil || k.handle == nil {
		k.unknown = fmt.Errorf("kind %q has no handler: known are %s", name, strings.Join(slices.Sorted(maps.Keys(l.Handlers)), ", "))
	} else {
		k.version = known.Version
	}
	if k.unknown != nil {
		k.label = unknownKind
	}
	k.started = l.Metrics.started.WithLabelValues(s.queue, k.label)
	k.done = l.Metrics.ended.WithLabelValues(s.queue, k.label, string(tasks.OutcomeSucceeded))
	k.duration = l.Metrics.duration.WithLabelValues(s.queue, k.label)
	k.busy = l.Metrics.busy.WithLabelValues(l.opts.Queue)
	if k.unknown == nil {
		s.kinds.Store(name, k)
	}
	return k
}

// begin counts an attempt that begins.
func (k *kind) begin() {
	k.started.Inc()
	k.busy.Inc()
}

// end counts how an attempt has ended.
func (k *kind) end(m *Metrics, e *ending) {
	if e.outcome == tasks.OutcomeSucceeded {
		k.done.Inc()
	} else {
		m.ended.WithLabelValues(e.attempt.task.Queue, k.label, string(e.outcome)).Inc()
	}
	k.duration.Observe(e.took.Seconds())
	k.busy.Dec()
}
