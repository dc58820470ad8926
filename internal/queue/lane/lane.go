package lane

import (
	"cmp"
	"context"
	"fmt"
	"os"
	"sync"
	"time"

	"go.uber.org/zap"

	"switchyard/internal/telemetry"
)

// Options say how one queue is consumed.
type Options struct {
	Queue string
	// Concurrency is how many tasks run at once. No more are ever taken from Redis.
	Concurrency int
	// Fetchers is how many tasks are taken in one round trip, as far as there are free
	// slots for them. 0 means [DefaultFetchers].
	Fetchers int
	// Priorities adds sibling queues that share the lane's slots, each taken in
	// proportion to its weight. Empty: the queue alone.
	Priorities map[string]int
	// PerUser is how many tasks of one user run at once, in all lanes of the queue together;
	// 0: any number. Those beyond wait in order and hold no slot.
	PerUser int
	// Poll is how often an idle lane looks for tasks of foreign clients, which leave no wake
	// token. 0 means a second.
	Poll time.Duration
}

// DefaultFetchers returns the number of fetchers for a concurrency: enough that round
// trips do not hold back short tasks, few enough that several workers share a burst.
func DefaultFetchers(concurrency int) int { return min(concurrency, 32) }

// idleLane is what a lane without Redis does not do.
const idleLane = "no task is taken"

// lane performs the tasks of one queue, and of its siblings.
type lane struct {
	Deps
	opts     Options
	untraced bool   // spans go nowhere
	worker   string // the process, host:pid
	sources  []*source
	health   *health
	leases   *leases
	slots    *slots
	exchange *exchange
	renewer  *renewer
	wakes    sync.WaitGroup // of the tasks that wait for one that has ended

	exit    context.Context // ends when the lane gives up on Redis
	leaving context.CancelFunc
}

func newLane(deps Deps, opts Options) *lane {
	deps.Log = deps.Log.With(zap.String("lane", opts.Queue))
	opts.Fetchers = cmp.Or(opts.Fetchers, DefaultFetchers(opts.Concurrency))
	l := &lane{Deps: deps, opts: opts, untraced: telemetry.GoNowhere(deps.Traces), worker: fmt.Sprintf("%s:%d", hostname(), os.Getpid()), health: newHealth(deps.Log, idleLane), leases: newLeases()}
	l.exit, l.leaving = context.WithCancel(context.Background())
	l.slots = newSlots(l.exit, l.perform)
	deps.Metrics.slots.WithLabelValues(opts.Queue).Set(float64(opts.Concurrency))
	deps.Metrics.busy.WithLabelValues(opts.Queue)
	weights := opts.Priorities
	if len(weights) == 0 {
		weights = map[string]int{opts.Queue: 1}
	}
	for queue, weight := range weights {
		l.sources = append(l.sources, newSource(l, queue, weight))
	}
	l.exchange = newExchange(l)
	l.renewer = &renewer{lane: l}
	return l
}

// run consumes until ctx ends, then stops: no new task is taken, running ones get until drain
// ends to finish, and those left are handed back to the front of their queue with no retry
// spent. It returns once all that is done.
func (l *lane) run(ctx, drain context.Context) {
	keeping, endKeeping := context.WithCancel(context.Background())
	var parts sync.WaitGroup
	parts.Go(func() { l.renewer.run(keeping) })
	parts.Go(func() { l.renewer.fence(keeping) })
	for _, s := range l.sources {
		parts.Go(func() { s.forwarder.repeat(keeping, s.forward) })
		parts.Go(func() { s.rescuer.repeat(keeping, s.rescuer.look) })
		parts.Go(func() { s.janitor.run(keeping) })
	}
	for range tripsAtOnce {
		parts.Go(l.exchange.run)
	}
	<-ctx.Done()
	l.exchange.takeNoMore()
	l.leases.await(drain)
	l.leases.each(func(a *attempt) { a.stop(ErrHandedBack, cutOffGrace) })
	given, cancel := context.WithTimeout(context.Background(), exitGrace)
	defer cancel()
	l.leases.await(given)
	l.leaving()
	endKeeping()
	l.exchange.close()
	parts.Wait()
	l.wakes.Wait()
	l.leases.each(func(a *attempt) {
		l.Log.Error("task not handed back: it runs again once its lease has run out", zap.String("queue", a.source.queue), zap.String("id", a.id))
	})
}
