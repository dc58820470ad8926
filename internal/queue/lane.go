package queue

import (
	"context"
	"crypto/rand"
	"fmt"
	"time"

	"github.com/hibiken/asynq"
	"github.com/redis/go-redis/v9"
	"go.uber.org/zap"

	"switchyard/internal/tasks"
)

// abortGrace is what a stopped lane's unfinished handlers get, once cancelled, to save
// their work before their tasks are handed back.
const abortGrace = 500 * time.Millisecond

// afterWait is about how long asynq sleeps after a look that found no task. The wait
// itself is over by then.
const afterWait = 100 * time.Microsecond

// LaneOptions say how one queue is consumed.
type LaneOptions struct {
	Queue string
	// Concurrency is how many tasks run at once. No more are ever taken from Redis.
	Concurrency int
	// Priorities adds sibling queues that share the lane's slots, each taken in
	// proportion to its weight. Empty: the queue alone.
	Priorities map[string]int
	// Poll is how long an idle lane waits before it asks Redis again, for tasks of foreign
	// clients; those added through a [Waking] client are taken at once. A lane with
	// siblings does not wait for one of them: it asks for all in turn.
	Poll time.Duration
}

// Lane performs the tasks of one queue. A task is acknowledged after its handler has
// returned, never before.
type Lane struct {
	opts    LaneOptions
	server  *asynq.Server
	redis   *waiting
	taking  context.CancelFunc // ends the taking of tasks
	client  *Client
	catalog *tasks.Catalog
	metrics *Metrics
	log     *zap.Logger

	slots    chan struct{} // holds one for each attempt, and on stopping one for each free slot
	handBack chan struct{} // closed when unfinished tasks are to go back
}

// NewLane returns a lane that performs what catalog knows, on the same queues, table
// and catalog as client.
func NewLane(redisClient redis.UniversalClient, queueClient *Client, metrics *Metrics, log *zap.Logger, opts LaneOptions) *Lane {
	l := &Lane{
		opts:     opts,
		client:   queueClient,
		catalog:  queueClient.catalog,
		metrics:  metrics,
		log:      log,
		slots:    make(chan struct{}, opts.Concurrency),
		handBack: make(chan struct{}),
	}
	stop, taking := context.WithCancel(context.Background())
	l.taking = taking
	l.redis = newWaiting(stop, redisClient, opts.Queue, rand.Text(), opts.Poll)
	var client redis.UniversalClient = l.redis
	queues, pause := map[string]int{opts.Queue: 1}, afterWait
	if len(opts.Priorities) > 0 {
		client, queues, pause = Waking(redisClient), opts.Priorities, opts.Poll
	}
	l.server = asynq.NewServerFromRedisClient(client, asynq.Config{
		Concurrency:              opts.Concurrency,
		Queues:                   queues,
		TaskCheckInterval:        pause,
		DelayedTaskCheckInterval: opts.Poll,
		ShutdownTimeout:          abortGrace,
		RetryDelayFunc:           l.retryDelay,
		IsFailure:                isFailure,
		Logger:                   newLogger(log.With(zap.String("queue", opts.Queue))),
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
	<-ctx.Done()
	l.taking()
	l.redis.interrupt()
	l.server.Stop()
	l.await(drain)
	close(l.handBack)
	l.server.Shutdown()
	return nil
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
