package batches

import (
	"context"
	"errors"
	"strconv"
	"time"

	"github.com/redis/go-redis/v9"
	"go.uber.org/zap"

	"switchyard/internal/tasks"
)

const (
	// lookAfter is when somebody first looks at a batch, and lookMost the longest until the next time.
	lookAfter = 15 * time.Second
	lookMost  = 10 * time.Minute
	// lookEvery is how often a worker asks which batches are to be looked at, and lookAtOnce how many
	// it then looks at.
	lookEvery  = 15 * time.Second
	lookAtOnce = 100
	// sentWithin is after how long a member that is not there has not been sent: whoever was sending
	// the batch was killed before it was sealed, and nobody has made the request again.
	sentWithin = time.Hour
)

// Watch looks at open batches at times until ctx ends. Any number of workers may do so.
func (s *Store) Watch(ctx context.Context, log *zap.Logger) {
	for tasks.Sleep(ctx, lookEvery) == nil {
		if err := s.Look(ctx); err != nil && ctx.Err() == nil {
			log.Warn("batches are not looked at: the next look is soon", zap.Error(err))
		}
	}
}

// Look looks at the open batches whose time it is, and closes those whose members have all ended. One
// that cannot be closed holds up no other.
func (s *Store) Look(ctx context.Context) error {
	now := s.now()
	due, err := s.redis.ZRangeByScore(ctx, s.open(), &redis.ZRangeBy{Min: "-inf", Max: strconv.FormatInt(now.Unix(), 10), Count: lookAtOnce}).Result()
	if err != nil {
		return err
	}
	var errs []error
	for _, id := range due {
		if err := s.look(ctx, id, now); err != nil {
			errs = append(errs, err)
		}
	}
	return errors.Join(errs...)
}

// look looks at a batch. The older it is, the later somebody does so again.
func (s *Store) look(ctx context.Context, id string, now time.Time) error {
	b, err := s.Get(ctx, id)
	if errors.Is(err, ErrNotFound) {
		return s.redis.ZRem(ctx, s.open(), id).Err()
	}
	if err != nil {
		return err
	}
	next := now.Add(min(max(lookAfter, now.Sub(b.Created)/4), lookMost))
	if err := s.redis.ZAddXX(ctx, s.open(), redis.Z{Score: float64(next.Unix()), Member: id}).Err(); err != nil {
		return err
	}
	outcomes, err := s.Outcomes(ctx, b)
	if err != nil {
		return err
	}
	if err := s.findMissing(ctx, b, outcomes, now); err != nil {
		return err
	}
	if outcomes, err = s.Outcomes(ctx, b); err != nil { // a member may have ended right now
		return err
	}
	return s.close(ctx, b, outcomes)
}

// findMissing finds out what became of members of which nobody has told: an older worker has ended
// them, or somebody has deleted them.
func (s *Store) findMissing(ctx context.Context, b Batch, outcomes []*Outcome, now time.Time) error {
	open, err := s.Open(ctx, b, outcomes)
	if err != nil {
		return err
	}
	for place, state := range open {
		if state == "" && (b.Sealed || now.Sub(b.Created) > sentWithin) {
			state = Deleted
		}
		if state != Deleted && !state.Ended() {
			continue
		}
		if err := s.note(ctx, b, place, Outcome{ID: b.Members[place].ID, Queue: b.Members[place].Queue, State: state}); err != nil {
			return err
		}
	}
	return nil
}
