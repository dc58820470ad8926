package mailbox

import (
	"context"
	"os"
	"sync"
	"sync/atomic"
	"time"

	"go.uber.org/zap"

	"switchyard/internal/celery/broker"
)

const (
	// maxEvents bounds the events that wait to be published: what comes then is dropped.
	maxEvents = 10_000
	// maxBatch and batchAfter say how many are published as one message, and how long the first waits.
	maxBatch   = 100
	batchAfter = 500 * time.Millisecond
	// publishWithin is how long that may take, for the last ones, too, when a worker stops.
	publishWithin = 2 * time.Second
)

// eventsExchange is what events are published on.
const eventsExchange = "celeryev"

// EventOptions say who publishes events, and which.
type EventOptions struct {
	// Name is the node's, such as [NewName] makes. No other node on the broker has it.
	Name string
	// Version is the release of this program.
	Version string
	// Heartbeat is the time between two heartbeats.
	Heartbeat time.Duration
	// Tasks says that events of tasks are published from the start.
	Tasks bool
	// Active tells how many tasks run.
	Active func() int
}

// Events publishes what a worker process does, as Celery's workers do: that it lives, and, once somebody
// wants to know, what becomes of its tasks. Whoever tells of a task never waits. Its methods are safe
// for concurrent use.
type Events struct {
	EventOptions
	broker *broker.Broker
	log    *zap.Logger
	clock  clock
	tasks  atomic.Bool // events of tasks are wanted

	changed, wanted chan struct{} // something waits; a heartbeat is asked for

	mu        sync.Mutex
	waiting   []event
	dropped   int64
	processed int64
	started   map[string]int64 // how many tasks began, by name
}

// event is what is told, all of it.
type event map[string]any

// NewEvents returns the events of a worker. Run publishes them.
func NewEvents(b *broker.Broker, o EventOptions, log *zap.Logger) *Events {
	e := &Events{
		EventOptions: o, broker: b, log: log, started: make(map[string]int64),
		changed: make(chan struct{}, 1), wanted: make(chan struct{}, 1),
	}
	e.tasks.Store(o.Tasks)
	return e
}

// Run says that the worker is there, publishes until ctx ends, and says that it has gone.
func (e *Events) Run(ctx context.Context) {
	beats := time.NewTicker(e.Heartbeat)
	defer beats.Stop()
	e.live(ctx, "worker-online")
	var due <-chan time.Time // when what waits is published, be it few
	broken := false          // the last try failed: no other one before then
	publish := func() {
		due, broken = nil, !e.publishWaiting(ctx)
		if broken {
			due = time.After(batchAfter)
		}
	}
	for {
		select {
		case <-ctx.Done():
			last := context.WithoutCancel(ctx)
			e.publishWaiting(last)
			e.live(last, "worker-offline")
			return
		case <-beats.C:
			e.live(ctx, "worker-heartbeat")
			e.sayDropped()
		case <-e.wanted:
			e.live(ctx, "worker-heartbeat")
		case <-e.changed:
			if e.full() && !broken {
				publish()
			} else if due == nil {
				due = time.After(batchAfter)
			}
		case <-due:
			publish()
		}
	}
}

// live publishes an event of the worker itself. One that fails is followed by the next.
func (e *Events) live(ctx context.Context, kind string) {
	e.mu.Lock()
	processed := e.processed
	e.mu.Unlock()
	err := e.publish(ctx, kind, e.event(kind, event{
		"freq": e.Heartbeat.Seconds(), "active": e.Active(), "processed": processed, "loadavg": loadAverage(),
		"sw_ident": "switchyard", "sw_ver": e.Version, "sw_sys": system,
	}))
	if err != nil && ctx.Err() == nil {
		e.log.Debug("monitors of Celery were not told that the worker is there", zap.Error(err))
	}
}

// event completes an event. It says nothing of the zone of this machine: a timestamp is the same
// everywhere, and readers in another zone move those that do by the hours between them.
func (e *Events) event(kind string, fields event) event {
	fields["type"], fields["hostname"], fields["pid"] = kind, e.Name, os.Getpid()
	fields["clock"], fields["timestamp"] = e.clock.next(), seconds(time.Now())
	return fields
}
