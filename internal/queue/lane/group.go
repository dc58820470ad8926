package lane

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/redis/go-redis/v9"
	"go.opentelemetry.io/otel/trace"
	"go.uber.org/zap"

	"switchyard/internal/routing"
	"switchyard/internal/tasks"
)

// Deps are what the lanes of a process work with.
type Deps struct {
	// Redis is for what is answered at once.
	Redis redis.UniversalClient
	// Waiting is for waits that keep a connection: one, on a cluster one for each queue. With
	// connections of its own no wait keeps a lease from being renewed. nil means Redis.
	Waiting redis.UniversalClient
	// Table says where kinds belong and what they may do, Catalog who performs them.
	Table   *routing.Table
	Catalog *tasks.Catalog
	// Handlers perform the kinds. One without a handler is as one that the catalog does not have.
	Handlers tasks.Handlers
	Traces   trace.TracerProvider
	// Wake runs a delayed task, named queue/id, at once.
	Wake func(ctx context.Context, target string) error
	// Ended looks at a batch of which a member has ended.
	Ended func(ctx context.Context, batch string) error
	// Reply is told what there is to tell of tasks that were sent with [tasks.Options.Reply]. It must
	// not block. What has a field is kept until it has been told; nil leaves it to others.
	Reply   func(tasks.Reply)
	Metrics *Metrics
	// Series counts attempts for charts; nil: nobody does.
	Series Series
	Log    *zap.Logger
}

// Series counts the attempts of a process. It is told of each that has ended, and must not block.
type Series interface {
	// Ended counts an attempt at a task of a queue. waited is how long the task had waited since it
	// could run, below 0 if nobody knows; took is how long the attempt took.
	Ended(queue string, outcome tasks.Outcome, waited, took time.Duration)
}

// Group is what a process consumes: one lane for each queue, and what they share.
type Group struct {
	lanes         []*lane
	doorbell      *doorbell
	poller        *poller
	cancellations *cancellations
	page          *serversPage
}

// New returns a group with a lane for each of the options.
func New(deps Deps, options ...Options) *Group {
	if deps.Waiting == nil {
		deps.Waiting = deps.Redis
	}
	g := &Group{doorbell: newDoorbell(deps.Redis, deps.Waiting)}
	for _, opts := range options {
		l := newLane(deps, opts)
		g.lanes = append(g.lanes, l)
		g.doorbell.hang(l.sources)
	}
	g.poller = newPoller(deps.Redis, g.lanes)
	g.cancellations = newCancellations(deps.Redis, g.lanes)
	g.page = newServersPage(deps.Redis, g.lanes)
	return g
}

// Run consumes until ctx ends, then stops: no new task is taken, running ones get until
// drain ends to finish, and those left are handed back to the front of their queues with no
// retry spent. It returns once all that is done.
func (g *Group) Run(ctx, drain context.Context) {
	keeping, endKeeping := context.WithCancel(context.Background())
	var shared, lanes sync.WaitGroup
	shared.Go(func() { g.doorbell.run(ctx) })
	shared.Go(func() { g.poller.run(ctx) })
	shared.Go(func() { g.cancellations.run(keeping) })
	shared.Go(func() { g.page.run(keeping) })
	for _, l := range g.lanes {
		lanes.Go(func() { l.run(ctx, drain) })
	}
	lanes.Wait()
	endKeeping()
	shared.Wait()
}

// Load is what a worker does for one queue.
type Load struct {
	Queue string
	// Lane is the queue whose lane's slots it uses, its own or that of a sibling.
	Lane  string
	Slots int // of that lane
	Busy  int // slots with a task of the queue
}

// Loads returns the loads of all queues that the group consumes, in no order.
func (g *Group) Loads() []Load {
	var all []Load
	for _, l := range g.lanes {
		for _, s := range l.sources {
			all = append(all, Load{Queue: s.queue, Lane: l.opts.Queue, Slots: l.opts.Concurrency, Busy: len(l.leases.of(s))})
		}
	}
	return all
}

// Check reports why tasks cannot be taken, ended or cancelled, nil if they can.
func (g *Group) Check(ctx context.Context) error {
	var errs []error
	if err := g.cancellations.listener.Check(ctx); err != nil {
		errs = append(errs, fmt.Errorf("cancellations: %w", err))
	}
	for _, l := range g.lanes {
		errs = append(errs, l.health.check())
	}
	return errors.Join(errs...)
}
