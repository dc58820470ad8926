package remote

import (
	"context"
	"fmt"
	"strconv"
	"time"

	"github.com/redis/go-redis/v9"

	"switchyard/internal/celery/broker"
	"switchyard/internal/celery/mailbox"
)

const (
	// revokeFor is how long a task that is not wanted any more is revoked again and again if nobody
	// knows by when it must have begun: a worker of Celery that starts meanwhile does not know of it.
	revokeFor = 24 * time.Hour
	// revokeEvery is how often that is done.
	revokeEvery = 5 * time.Second
	// revokedAtOnce is how many tasks are revoked by one message.
	revokedAtOnce = 1000
)

// revoking are tasks of Celery that are not wanted any more, by until when a worker may still begin
// them, Unix time in ms.
type revoking struct {
	redis  redis.UniversalClient
	key    string
	broker *broker.Broker
}

// revoke has a call never begin, or end if it runs. Should that not be heard, it is said again.
func (r *Remote) revoke(ctx context.Context, c call) error {
	until := time.Now().Add(revokeFor)
	if c.Due != 0 {
		until = c.due().Add(grace) // clocks differ
	}
	if err := r.revoking.add(ctx, c.ID, until); err != nil {
		return err
	}
	bounded, cancel := context.WithTimeout(ctx, within)
	defer cancel()
	// If it fails now, whoever looks at the calls says it soon.
	_ = mailbox.Terminate(bounded, r.Broker, []string{c.ID})
	return nil
}

func (v *revoking) add(ctx context.Context, id string, until time.Time) error {
	if err := v.redis.ZAdd(ctx, v.key, redis.Z{Score: float64(until.UnixMilli()), Member: id}).Err(); err != nil {
		return fmt.Errorf("note in %s that task %s of Celery is revoked: %w", v.key, id, err)
	}
	return nil
}

// has reports whether it was we who have revoked a task.
func (v *revoking) has(ctx context.Context, id string) bool {
	return v.redis.ZScore(ctx, v.key, id).Err() == nil
}

// again says once more which tasks are not wanted, if nobody has done so just now.
func (v *revoking) again(ctx context.Context) error {
	ids, err := v.redis.ZRange(ctx, v.key, 0, revokedAtOnce-1).Result()
	if err != nil || len(ids) == 0 {
		return err
	}
	turn, err := takeTurn(ctx, v.redis, v.key+":turn", revokeEvery)
	if err != nil || !turn {
		return err
	}
	now := strconv.FormatInt(time.Now().UnixMilli(), 10)
	if err := v.redis.ZRemRangeByScore(ctx, v.key, "-inf", now).Err(); err != nil {
		return err
	}
	bounded, cancel := context.WithTimeout(ctx, within)
	defer cancel()
	return mailbox.Terminate(bounded, v.broker, ids)
}
