package queue

import (
	"context"
	"crypto/rand"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"github.com/hibiken/asynq"
	"github.com/redis/go-redis/v9"
	"go.uber.org/zap"

	"switchyard/internal/tasks"
)

// abortGrace is what a stopped lane's unfinished handlers get, once cancelled, to save
// their work before their tasks are handed back.
const abortGrace = 500 * time.Millisecond

// exitGrace is what the handing back may take, after which the lane gives up on a Redis
// that does not answer. Who takes the tasks then is the rescue.
const exitGrace = 2 * abortGrace

// Settings of the asynq server that make it leave to the lane what the lane does itself.
const (
	afterWait    = 100 * time.Microsecond // about how long it sleeps after a look in vain; the wait is over by then
	neverForward = 24 * time.Hour
	janitorEvery = time.Minute // deletes results past their retention
)

// LaneOptions say how one queue is consumed.
type LaneOptions struct {
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
	// Poll is how often an idle lane looks for tasks of foreign clients. Those added
	// through a [Waking] client are taken at once.
	Poll time.Duration
}

// DefaultFetchers returns the number of fetchers for a concurrency: enough that round
// trips do not hold back short tasks, few enough that several workers share a burst.
func DefaultFetchers(concurrency int) int { return min(concurrency, 32) }

// Lane performs the tasks of one queue. A task is acknowledged after its handler has
// returned, never before.
type Lane struct {
	opts     LaneOptions
	id       string
	sources  map[string]*source
	server   *asynq.Server
	redis    redis.UniversalClient
	client   *Client
	catalog  *tasks.Catalog
	metrics  *Metrics
	contact  *contact
	leases   *leases
	reporter *reporter
	batch    *batch
	crew     *crew
	log      *zap.Logger

	stop    context.Context // ends when the lane takes no more
	taking  context.CancelFunc
	exit    context.Context // ends when the lane gives up on Redis
	leaving context.CancelFunc

	taken    []took        // not yet given to asynq; its fetching goroutine's own
	waits    atomic.Bool   // whether it waits for a task
	found    time.Time     // when the last task was found; likewise
	misses   int           // sources in a row that had no task; likewise
	slots    chan struct{} // holds one for each attempt, and on stopping one for each free slot
	handBack chan struct{} // closed when unfinished tasks are to go back
}

// NewLane returns a lane that performs what catalog knows, on the same queues, table
// and catalog as client.
func NewLane(redisClient redis.UniversalClient, queueClient *Client, metrics *Metrics, log *zap.Logger, opts LaneOptions) *Lane {
	log = log.With(zap.String("lane", opts.Queue))
	if opts.Fetchers == 0 {
		opts.Fetchers = DefaultFetchers(opts.Concurrency)
	}
	weights := opts.Priorities
	if len(weights) == 0 {
		weights = map[string]int{opts.Queue: 1}
	}
	l := &Lane{
		opts:     opts,
		id:       rand.Text(),
		sources:  make(map[string]*source),
		redis:    redisClient,
		client:   queueClient,
		catalog:  queueClient.catalog,
		metrics:  metrics,
		contact:  newContact(log),
		leases:   newLeases(),
		reporter: newReporter(),
		batch:    newBatch(redisClient),
		log:      log,
		slots:    make(chan struct{}, opts.Concurrency),
		handBack: make(chan struct{}),
	}
	for queue := range weights {
		l.sources[queue] = newSource(queue)
	}
	l.stop, l.taking = context.WithCancel(context.Background())
	l.exit, l.leaving = context.WithCancel(context.Background())
	l.crew = newCrew(l.exit)
	l.server = asynq.NewServerFromRedisClient(&laneClient{waking{redisClient, new(atomic.Uint64)}, l}, asynq.Config{
		Concurrency:              opts.Concurrency,
		Queues:                   weights,
		TaskCheckInterval:        afterWait,
		DelayedTaskCheckInterval: neverForward,
		JanitorInterval:          janitorEvery,
		ShutdownTimeout:          abortGrace,
		RetryDelayFunc:           l.retryDelay,
		IsFailure:                isFailure,
		Logger:                   newLogger(log, l.contact),
		LogLevel:                 asynq.ErrorLevel,
	})
	return l
}

// Run consumes the queue until ctx ends, then stops: no new task is taken, running ones
// get until the drain context ends to finish, and those left are handed back to the
// front of their queue with no retry spent. It returns once all that is done.
func (l *Lane) Run(ctx, drain context.Context) error {
	if err := l.server.Start(asynq.HandlerFunc(l.perform)); err != nil {
		return fmt.Errorf("start lane %s: %w", l.opts.Queue, err)
	}
	keeping, endKeeping := context.WithCancel(context.Background())
	var owned sync.WaitGroup
	owned.Go(func() { l.keepLeases(keeping) })
	owned.Go(func() { l.tend(keeping) })
	owned.Go(func() { l.poll(keeping) })
	owned.Go(l.reporter.run)
	owned.Go(l.batch.send)
	owned.Go(func() { l.leaveAfter(drain, keeping) })
	<-ctx.Done()
	l.taking()
	l.interrupt(nil)
	l.server.Stop()
	l.returnTaken()
	l.await(drain)
	close(l.handBack)
	l.server.Shutdown()
	l.leaving()
	endKeeping()
	close(l.reporter.writes)
	close(l.batch.calls)
	owned.Wait()
	return nil
}

// leaveAfter gives up on Redis when the drain is over and what follows it takes too long.
func (l *Lane) leaveAfter(drain, keeping context.Context) {
	select {
	case <-drain.Done():
		sleep(keeping, exitGrace)
		l.leaving()
	case <-keeping.Done():
	}
}

// await takes every slot as its attempt ends, until it has them all or drain ends. A task
// taken at the last moment that finds no slot left goes back without having begun.
func (l *Lane) await(drain context.Context) {
	for range cap(l.slots) {
		select {
		case l.slots <- struct{}{}:
		case <-drain.Done():
			return
		}
	}
}

// enter takes a slot for an attempt, or reports false if the lane has stopped.
func (l *Lane) enter() bool {
	select {
	case l.slots <- struct{}{}:
		return true
	case <-l.handBack:
		return false
	}
}

func (l *Lane) leave() { <-l.slots }
