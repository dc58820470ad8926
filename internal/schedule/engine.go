package schedule

import (
	"context"
	"math/rand/v2"
	"sync"
	"time"

	"go.uber.org/zap"
	"golang.org/x/sync/errgroup"

	"switchyard/internal/tasks"
)

// Options tune an engine. The zero value is sound.
type Options struct {
	// MaxWait bounds the sleep between two looks at Redis, and so how long a change
	// made elsewhere stays unseen. 0: 1s.
	MaxWait time.Duration
	// Batch is how many due entries of a shard are claimed at once, at most [MaxBatch].
	// 0: 250.
	Batch int
	// Parallel is how many shards are worked on at once. 0: 8.
	Parallel int
	// ClaimLease is how long a claimed entry is left to the engine that claimed it, and
	// so how late a tick is whose engine died. 0: 10s.
	ClaimLease time.Duration
	// Logger takes what an operator should know. nil: nothing is logged.
	Logger *zap.Logger
	// Observer is told of every tick. nil: nobody is.
	Observer Observer
	// Mirror is shown the upcoming entries. nil: nobody is.
	Mirror Mirror
	// Brake says whose entries are held back. nil: nobody's.
	Brake Brake
}

// Outcome says what became of a tick.
type Outcome string

// The outcomes of a tick.
const (
	Enqueued  Outcome = "enqueued"  // its task was added
	Duplicate Outcome = "duplicate" // its task was there: another engine was faster, or died after adding it
	Refused   Outcome = "refused"   // its task never can be added; the tick is dropped
	Skipped   Outcome = "skipped"   // the task of the tick before is not done; the tick is dropped
	Failed    Outcome = "failed"    // its task could not be added now; it is tried again
)

// Observer counts ticks. Its methods are called by several goroutines at once and must
// not block.
type Observer interface {
	// ObserveTick is told a tick's kind, outcome and how late it is.
	ObserveTick(kind string, outcome Outcome, lag time.Duration)
	// ObserveBroken is told that an entry could not be read.
	ObserveBroken()
	// ObserveRound is told that a round through what is due has ended, and its error.
	ObserveRound(err error)
}

// Mirror shows the schedule elsewhere.
type Mirror interface {
	// MirrorSchedule replaces what is shown with the upcoming entries, soonest first.
	MirrorSchedule(ctx context.Context, upcoming []Upcoming) error
}

// Queue is where the tasks of ticks go.
type Queue interface {
	// EnqueueTicks adds the tasks of ticks and returns what became of each, in their
	// order. A tick that is not later than one of its entry that was added is a
	// duplicate. From the moment until on, by Redis' clock, none is added:
	// the error then is [tasks.ErrTooLate].
	EnqueueTicks(ctx context.Context, ticks []tasks.Tick, until time.Time) []tasks.Added
	// SweepTicks forgets old ticks that were added, those that settled returns, and
	// tells how many.
	SweepTicks(ctx context.Context, settled func(context.Context, []tasks.Tick) ([]tasks.Tick, error)) (int, error)
	// States returns the states of tasks, "" for one that is gone.
	States(ctx context.Context, receipts []tasks.Receipt) ([]tasks.State, error)
}

// Brake knows whose agents are stopped.
type Brake interface {
	// On returns for each user whether the brake is on.
	On(ctx context.Context, users []string) ([]bool, error)
}

// Engine enqueues due entries.
type Engine struct {
	store   *Store
	queue   Queue
	options Options
	pulse   pulse
}

// NewEngine returns an engine for the entries in store. Run starts it.
func NewEngine(store *Store, queue Queue, o Options) *Engine {
	if o.MaxWait == 0 {
		o.MaxWait = time.Second
	}
	if o.Batch == 0 {
		o.Batch = 250
	}
	o.Batch = min(o.Batch, MaxBatch)
	if o.Parallel == 0 {
		o.Parallel = 8
	}
	if o.ClaimLease == 0 {
		o.ClaimLease = 10 * time.Second
	}
	if o.Logger == nil {
		o.Logger = zap.NewNop()
	}
	return &Engine{store: store, queue: queue, options: o}
}

// Run enqueues what is due until ctx ends, and returns once all its work has ended. What
// it claimed but did not enqueue by then it hands back. It outlasts Redis being away.
func (e *Engine) Run(ctx context.Context) {
	var beside sync.WaitGroup
	defer beside.Wait()
	beside.Go(func() { e.sweep(ctx) })
	beside.Go(func() { e.index(ctx) })
	if e.options.Mirror != nil {
		beside.Go(func() { e.mirror(ctx) })
	}
	failures := 0
	e.pulse.beat()
	for ctx.Err() == nil {
		wait, err := e.round(ctx)
		if ctx.Err() != nil {
			return
		}
		e.ended(err)
		switch {
		case err != nil:
			if failures == 0 {
				e.options.Logger.Warn("schedule falls behind, trying again", zap.Error(err))
			}
			wait = backoff(failures)
			failures++
		case failures > 0:
			e.options.Logger.Info("schedule works again", zap.Int("failures", failures))
			failures = 0
		}
		_ = tasks.Sleep(ctx, wait)
	}
}

// ended notes the end of a round.
func (e *Engine) ended(err error) {
	e.pulse.ended(err)
	if e.options.Observer != nil {
		e.options.Observer.ObserveRound(err)
	}
}

// round works on every shard with due entries, or returns how long there are none.
func (e *Engine) round(ctx context.Context) (time.Duration, error) {
	due, wait, err := e.store.dueShards(ctx, e.options.MaxWait)
	if err != nil {
		return 0, err
	}
	// In an order of its own, so that engines find each other at different shards.
	rand.Shuffle(len(due), func(i, j int) { due[i], due[j] = due[j], due[i] })
	var work errgroup.Group
	work.SetLimit(e.options.Parallel)
	for _, shard := range due {
		work.Go(func() error { return e.work(ctx, shard) })
	}
	return wait, work.Wait()
}

const (
	minBackoff = 100 * time.Millisecond
	maxBackoff = 5 * time.Second
)

// backoff returns how long to wait after that many failures before this one: doubled
// each time, the upper half of it random, so that schedulers do not return together.
func backoff(failures int) time.Duration {
	d := min(minBackoff<<min(failures, 10), maxBackoff)
	return d/2 + rand.N(d/2)
}
