package ticks

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"go.uber.org/zap"

	"switchyard/internal/tasks"
)

const (
	// within bounds how long a Redis may take to answer. The ticks beside those that ask it wait as long,
	// once: then it is out of reach.
	within = 2 * time.Second
	// againAfter is how often it is tried whether a Redis that was away answers again.
	againAfter = 500 * time.Millisecond
)

// reach knows whether a Redis of Celery's answers. Once it does not, whoever asks is told so at once,
// until it answers again: a schedule in which each round waits for it would be late for everybody.
type reach struct {
	name string
	try  func(context.Context) error
	log  *zap.Logger

	ctx    context.Context // of what tries again
	end    context.CancelFunc
	trying sync.WaitGroup

	mu   sync.Mutex
	away error // nil: it answers
}

func newReach(name string, try func(context.Context) error, log *zap.Logger) *reach {
	r := &reach{name: name, try: try, log: log}
	r.ctx, r.end = context.WithCancel(context.Background())
	return r
}

func (r *reach) close() {
	r.mu.Lock()
	r.end() // under the lock: nobody starts to try after it
	r.mu.Unlock()
	r.trying.Wait()
}

// use has ask ask the Redis, unless it is known to be away. The error is [tasks.ErrElsewhere] then, and if it
// does not answer.
func (r *reach) use(ctx context.Context, ask func(context.Context) error) error {
	r.mu.Lock()
	away := r.away
	r.mu.Unlock()
	if away == nil {
		bounded, cancel := context.WithTimeout(ctx, within)
		defer cancel()
		if away = ask(bounded); away == nil {
			return nil
		}
		if ctx.Err() == nil {
			r.lost(away)
		}
	}
	return fmt.Errorf("%s: %w: %w", r.name, tasks.ErrElsewhere, away)
}

// lost notes that the Redis is away, and has it tried until it answers.
func (r *reach) lost(err error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.away != nil || r.ctx.Err() != nil {
		return
	}
	r.away = err
	r.log.Warn(r.name+" is out of reach: the entries of the schedule that need it wait, and all others go on", zap.Error(err))
	r.trying.Go(func() {
		for tasks.Sleep(r.ctx, againAfter) == nil {
			if r.check(r.ctx) == nil {
				r.found()
				return
			}
		}
	})
}

func (r *reach) found() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.away = nil
	r.log.Info(r.name + " answers again")
}

// check asks whether the Redis answers.
func (r *reach) check(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, within)
	defer cancel()
	err := r.try(ctx)
	if errors.Is(err, context.DeadlineExceeded) {
		return fmt.Errorf("%s does not answer within %s", r.name, within)
	}
	if err != nil {
		return fmt.Errorf("%s: %w", r.name, err)
	}
	return nil
}
