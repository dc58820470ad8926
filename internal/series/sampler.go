package series

import (
	"context"
	"errors"
	"math/rand/v2"
	"time"

	"go.uber.org/zap"

	"switchyard/internal/queue"
	"switchyard/internal/tasks"
)

// Sizes tells how full queues are.
type Sizes interface {
	Names(ctx context.Context) ([]string, error)
	Size(ctx context.Context, queue string) (queue.Size, error)
}

const (
	// spread is over how much of a minute samplers take their looks: so the first one has written its
	// samples before most of the others ask.
	spread = 20 * time.Second
	// lookWithin bounds one look at all queues.
	lookWithin = 10 * time.Second
)

// Sampler looks once a minute how full the queues are. Any number of them may: whoever comes first
// writes, and the others then do not ask.
type Sampler struct {
	store  *Store
	sizes  Sizes
	queues []string
	log    *zap.Logger
	offset time.Duration // into each minute
}

// NewSampler returns a sampler of the queues of the configuration, and of others in Redis, see
// [Queues]. The caller runs it.
func NewSampler(store *Store, sizes Sizes, configured []string, log *zap.Logger) *Sampler {
	return &Sampler{store, sizes, configured, log, rand.N(spread)}
}

// Run takes samples until ctx ends. What fails is said once, and tried again in the next minute.
func (s *Sampler) Run(ctx context.Context) {
	lost := false
	for ctx.Err() == nil {
		wait, err := s.look(ctx)
		if err != nil && !lost && ctx.Err() == nil {
			s.log.Warn("how full the queues are is not kept for charts: it is tried every minute", zap.Error(err))
		}
		lost = err != nil
		_ = tasks.Sleep(ctx, wait) // the loop asks
	}
}

// look takes the samples of this minute that are missing, and returns how long it is until the next
// look. What cannot be read of one queue keeps none of another.
func (s *Sampler) look(ctx context.Context) (wait time.Duration, err error) {
	ctx, cancel := context.WithTimeout(ctx, lookWithin)
	defer cancel()
	minute, into, err := s.store.minute(ctx)
	if err != nil {
		return time.Minute, err
	}
	wait = time.Minute - into + s.offset
	known, err := s.sizes.Names(ctx)
	if err != nil {
		return wait, err
	}
	missing, err := s.store.unsampled(ctx, Queues(s.queues, known), minute)
	if err != nil {
		return wait, err
	}
	var errs []error
	for _, name := range missing {
		size, err := s.sizes.Size(ctx, name)
		if err == nil {
			err = s.store.keep(ctx, name, minute, sampleOf(size))
		}
		errs = append(errs, err)
	}
	return wait, errors.Join(errs...)
}

func sampleOf(s queue.Size) sample {
	return sample{int64(s.Waiting), int64(s.Running), int64(s.Scheduled), int64(s.Retrying), int64(s.Failed), s.Oldest.Milliseconds()}
}
