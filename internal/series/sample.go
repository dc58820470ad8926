package series

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"time"

	"github.com/redis/go-redis/v9"
)

// sample is how full a queue was: waiting, running, scheduled, retrying, dead, and for how many ms the
// oldest task that could run had waited.
type sample [6]int64

// minuteOf returns the key and the field of the sample of a minute, which is given by its number since
// 1970.
func (s *Store) minuteOf(queue string, minute int64) (key, field string) {
	return s.key(queue, minute/60), "s" + strconv.FormatInt(minute%60, 10)
}

// minute returns the number of the present minute by Redis's clock, and how far it is.
func (s *Store) minute(ctx context.Context) (minute int64, into time.Duration, err error) {
	now, err := s.client.Time(ctx).Result()
	if err != nil {
		return 0, 0, fmt.Errorf("ask redis for the time: %w", err)
	}
	minute = now.Unix() / 60
	return minute, now.Sub(time.Unix(minute*60, 0)), nil
}

// unsampled returns those of the queues that have no sample of a minute, in one round trip.
func (s *Store) unsampled(ctx context.Context, queues []string, minute int64) ([]string, error) {
	there := make([]*redis.BoolCmd, len(queues))
	_, err := s.client.Pipelined(ctx, func(p redis.Pipeliner) error {
		for i, queue := range queues {
			key, field := s.minuteOf(queue, minute)
			there[i] = p.HExists(ctx, key, field)
		}
		return nil
	})
	if err != nil && !isAnswer(err) {
		return nil, fmt.Errorf("look for the samples of this minute: %w", err)
	}
	var missing []string
	for i, queue := range queues {
		if there[i].Err() == nil && !there[i].Val() { // a key of another type has no room for one
			missing = append(missing, queue)
		}
	}
	return missing, nil
}

// keep writes a sample, unless somebody else was faster.
func (s *Store) keep(ctx context.Context, queue string, minute int64, is sample) error {
	key, field := s.minuteOf(queue, minute)
	_, err := s.client.Pipelined(ctx, func(p redis.Pipeliner) error {
		p.HSetNX(ctx, key, field, join(is[:]))
		p.Expire(ctx, key, Kept)
		return nil
	})
	if err != nil {
		return fmt.Errorf("write the sample of queue %s: %w", queue, err)
	}
	return nil
}

// isAnswer reports that Redis has answered: there is nothing, or nothing of that type.
func isAnswer(err error) bool {
	return errors.Is(err, redis.Nil) || redis.HasErrorPrefix(err, "WRONGTYPE")
}
