package queue

import (
	"context"
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

// LaneOptions say how one queue is consumed.
type LaneOptions struct {
	Queue string
	// Concurrency is how many tasks run at once. No more are ever taken from Redis.
	Concurrency int
	// Priorities adds sibling queues that share the lane's slots, each taken in
	// proportion to its weight. Empty: the queue alone.
	Priorities map[string]int
	// Poll is how long an idle lane waits before it asks Redis again.
	Poll time.Duration
}

// Lane performs the tasks of one queue. A task is acknowledged after its handler has
// returned, never before.
type Lane struct {
	opts    LaneOptions
	server  *asynq.Server
	client  *Client
	catalog *tasks.Catalog
	metrics *Metrics
	log     *zap.Logger

	slots    chan struct{} // holds one for each attempt, and on stopping one for each free slot
	handBack chan struct{} // closed when unfinished tasks are to go back
}

// NewLane returns a lane that performs what catalog knows, on the same queues, table
// and catalog as client.
func NewLane(redisClient redis.UniversalClient, client *Client, metrics *Metrics, log *zap.Logger, opts LaneOptions) *Lane {
	l := &Lane{
		opts:     opts,
		client:   client,
		catalog:  client.catalog,
		metrics:  metrics,
		log:      log,
		slots:    make(chan struct{}, opts.Concurrency),
		handBack: make(chan struct{}),
	}
	queues := map[string]int{opts.Queue: 1}
	if len(opts.Priorities) > 0 {
		queues = opts.Priorities
	}
	l.server = asynq.NewServerFromRedisClient(redisClient, asynq.Config{
		Concurrency:              opts.Concurrency,
		Queues:                   queues,
		TaskCheckInterval:        opts.Poll,
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
