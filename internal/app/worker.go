package app

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"

	"github.com/redis/go-redis/v9"
	"go.uber.org/zap"
	"golang.org/x/sync/errgroup"

	"switchyard/internal/cache"
	door "switchyard/internal/celery"
	"switchyard/internal/celery/remote"
	"switchyard/internal/config"
	"switchyard/internal/control"
	"switchyard/internal/daemon"
	"switchyard/internal/queue/lane"
	"switchyard/internal/rights"
	"switchyard/internal/series"
	"switchyard/internal/tasks"
)

// SelectQueues narrows the queues a worker consumes to a list such as
// "agents=2,scraping". A number sets the queue's concurrency. "" keeps them all.
func SelectQueues(c config.Config, list string) (map[string]config.Queue, error) {
	if list == "" {
		return c.Queues, nil
	}
	selected := map[string]config.Queue{}
	for item := range strings.SplitSeq(list, ",") {
		name, number, given := strings.Cut(strings.TrimSpace(item), "=")
		q, ok := c.Queues[name]
		if !ok {
			return nil, fmt.Errorf("--queues: unknown queue %q: use some of %s", name, strings.Join(slices.Sorted(maps.Keys(c.Queues)), ", "))
		}
		if given {
			n, err := strconv.Atoi(number)
			if err != nil || n < 1 || n > 10000 {
				return nil, fmt.Errorf("--queues: concurrency %q of %s: use 1 to 10000", number, name)
			}
			q.Concurrency = n
		}
		selected[name] = q
	}
	return selected, nil
}

// connectionsOf returns how many connections the commands of a worker of some queues use at most: those of
// each queue's round trips, one for each five slots, whose attempts seldom speak at the same moment, and two
// for what the worker keeps up. More would only count against the maxclients of Redis, which many
// workers share. Eight stay open anyway.
func connectionsOf(queues map[string]config.Queue) int {
	slots := 0
	for _, q := range queues {
		slots += q.Concurrency
	}
	return max(8, tripsOfQueue*len(queues)+slots/5+2)
}

// Worker consumes queues, one lane each.
type Worker struct {
	system    *System
	queues    map[string]config.Queue
	handlers  *handlers
	ears      *cache.Listener
	consuming atomic.Pointer[lane.Group]
	group     atomic.Pointer[lane.Group] // the same, also while it drains
	counter   *series.Counter
	door      *door.Door     // nil: it is shut
	remote    *remote.Remote // nil: Celery's workers perform nothing from here
}

// NewWorker returns a worker of the given queues, to be run once. The error names agents that no
// runtime can run.
func NewWorker(s *System, queues map[string]config.Queue) (*Worker, error) {
	handlers, err := newHandlers(s)
	if err != nil {
		return nil, err
	}
	ears := cache.NewPatternListener(s.Redis, "agent:"+string(control.Pause)+":*", "agent:"+string(control.Resume)+":*")
	w := &Worker{system: s, queues: queues, handlers: handlers, ears: ears, counter: series.NewCounter(s.Series, s.Log)}
	if w.remote = w.newRemote(); w.remote != nil {
		maps.Copy(handlers.byKind, w.remote.Handlers())
	}
	w.door, err = w.newDoor()
	return w, err
}

// Run consumes until stop is quiet and drained.
func (w *Worker) Run(stop daemon.Stop) error {
	defer w.handlers.close()
	s := w.system
	if err := s.preparePrograms(); err != nil {
		return err
	}
	if err := s.awaitRedis(stop.Quiet); err != nil {
		return orStopped(stop, err)
	}
	if err := s.Queues.Claim(stop.Quiet, w.names()...); err != nil {
		return orStopped(stop, err)
	}
	waiting, err := cache.Blocking(s.Redis, len(w.names()))
	if err != nil {
		return err
	}
	defer func() { _ = waiting.Close() }()
	lanes := w.lanes(waiting)
	w.consuming.Store(lanes)
	w.group.Store(lanes)
	context.AfterFunc(stop.Quiet, func() {
		w.consuming.Store(nil)
		s.Log.Info("stopping: no new tasks are taken", zap.Duration("drain", s.Config.Worker.Drain))
	})
	watching, endWatching := context.WithCancel(context.Background())
	watched := w.watch(watching, stop.Quiet)
	lanes.Run(stop.Quiet, stop.Drain)
	endWatching()
	watched.Wait()
	return nil
}

// lanes returns what consumes the worker's queues. It waits for tasks on connections of waiting.
func (w *Worker) lanes(waiting redis.UniversalClient) *lane.Group {
	s := w.system
	var options []lane.Options
	for name, q := range w.queues {
		options = append(options, lane.Options{
			Queue: name, Concurrency: q.Concurrency, Fetchers: q.Fetchers, Priorities: q.Priorities, PerUser: q.PerUser, Poll: s.Config.Worker.Poll,
		})
		s.Log.Info("consuming", zap.String("queue", name), zap.Int("concurrency", q.Concurrency))
	}
	w.handlers.models.Register(s.Metrics)
	var reply func(tasks.Reply)
	if w.door != nil {
		reply = w.door.Reply
	}
	return lane.New(lane.Deps{
		Redis: s.Redis, Waiting: waiting, Table: s.Routing, Catalog: s.Catalog, Handlers: w.handlers.byKind, Traces: s.traces, Wake: s.Queue.Wake, Ended: s.Batches.Ended, Reply: reply, Metrics: lane.NewMetrics(s.Metrics), Series: w.counter, Log: s.Log,
	}, options...)
}

// loads are what the worker does for its queues, none before it consumes.
func (w *Worker) loads() []lane.Load {
	if lanes := w.group.Load(); lanes != nil {
		return lanes.Loads()
	}
	return nil
}

// names are the queues that the worker takes from.
func (w *Worker) names() []string {
	var names []string
	for name, q := range w.queues {
		names = append(append(names, name), slices.Collect(maps.Keys(q.Priorities))...)
	}
	slices.Sort(names)
	return slices.Compact(names)
}

// watch keeps what runs under the brakes, the claims of the deployment, the figures of attempts, and
// journals no longer than they are to be kept, until ctx ends.
func (w *Worker) watch(ctx, quiet context.Context) *sync.WaitGroup {
	s := w.system
	overseer := control.NewOverseer(s.Operator(), s.Log)
	receiver := control.NewReceiver(s.Operator(), s.Channels, overseer, s.Log)
	var all sync.WaitGroup
	all.Go(func() { s.Guard.Watch(ctx, w.ears, receiver) })
	all.Go(func() { overseer.Run(ctx) })
	all.Go(func() { s.Channels.Keep(ctx) })
	all.Go(func() { s.Queues.Keep(ctx, w.names()...) })
	all.Go(func() { s.Journals.Trim(ctx, s.Queue) })
	all.Go(func() { s.Batches.Watch(ctx, s.Log) })
	all.Go(func() { w.counter.Run(ctx) })
	if w.door != nil {
		all.Go(func() { w.door.Run(ctx, quiet) })
	}
	if w.remote != nil {
		all.Go(func() { w.remote.Run(ctx) })
	}
	return &all
}

// Checks are the readiness of the lanes, of what they write, and of the brake: a pause is heard.
func (w *Worker) Checks() []daemon.Check {
	consuming := func(ctx context.Context) error {
		lanes := w.consuming.Load()
		if lanes == nil {
			return errors.New("not consuming")
		}
		return lanes.Check(ctx)
	}
	checks := []daemon.Check{{Name: "lanes", Test: consuming}, w.system.checkWrites(w.names(), nil), {Name: "brake", Test: w.ears.Check}}
	if w.door != nil {
		checks = append(checks, daemon.Check{Name: "celery", Test: w.door.Check})
	}
	if w.remote != nil {
		checks = append(checks, daemon.Check{Name: "celery-workers", Test: w.remote.Check})
	}
	return checks
}

// orStopped returns err unless it only says that the process was asked to stop.
func orStopped(stop daemon.Stop, err error) error {
	if stop.Quiet.Err() == nil {
		return err
	}
	return nil
}

// openWorker puts a system together of which nothing but one worker is used. The caller closes the system.
func openWorker(c config.Config, queues map[string]config.Queue, log *zap.Logger, own ...tasks.Definition) (*Worker, error) {
	c.Redis.PoolSize = min(c.Redis.PoolSize, connectionsOf(queues))
	s, err := Open(c, log, own...)
	if err != nil {
		return nil, err
	}
	s.serveAs(rights.Worker)
	w, err := NewWorker(s, queues)
	if err != nil {
		return nil, errors.Join(err, s.Close())
	}
	return w, nil
}

// RunWorker is the worker daemon, with kinds of a program's own: lanes, and an endpoint for health
// and metrics that outlives them.
func RunWorker(c config.Config, queues map[string]config.Queue, log *zap.Logger, own ...tasks.Definition) error {
	w, err := openWorker(c, queues, log, own...)
	if err != nil {
		return err
	}
	s := w.system
	s.exportProcess("worker")
	this := listed{roles: []string{roleWorker}, ready: daemon.NewReadiness(append(s.checks(), w.Checks()...)), loads: w.loads}
	return s.runWithEndpoint(c.Worker.Listen, this, w.Run)
}

// runWithEndpoint runs a daemon's work until a signal has stopped it, with its endpoint
// and its record in the roster around it, and closes the system.
func (s *System) runWithEndpoint(listen string, this listed, run func(daemon.Stop) error) error {
	defer func() { _ = s.Close() }()
	listener, err := daemon.Listen(listen)
	if err != nil {
		return err
	}
	stop, release := daemon.Signals(s.Config.Worker.Drain) // whoever reads the line below may stop us
	defer release()
	s.Log.Info("health and metrics", zap.Stringer("listen", listener.Addr()))
	serving, endServing := context.WithCancel(context.Background())
	defer endServing()
	var endpoint errgroup.Group
	endpoint.Go(func() error {
		return daemon.Serve(serving, listener, daemon.FewConnections, daemon.Endpoint(s.Metrics, this.ready.Checks()...), s.Log)
	})
	endpoint.Go(func() error { s.keepListed(serving, stop.Quiet, this); return nil })
	err = s.whileKnown(stop, run)
	endServing()
	err = errors.Join(err, endpoint.Wait())
	s.Log.Info("stopped")
	return err
}
