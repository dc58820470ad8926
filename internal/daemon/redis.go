package daemon

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/cenkalti/backoff/v5"
	"go.uber.org/zap"

	"switchyard/internal/cache"
)

// Pinger tells whether Redis answers.
type Pinger interface {
	Check(ctx context.Context) error
}

// maxWait is the longest pause between two tries to reach Redis.
const maxWait = 10 * time.Second

// AwaitRedis returns once Redis answers, however long that takes: a Redis that starts
// after its daemons is no reason for them to crash. The first failure and the recovery
// are logged. A refused login is an error: waiting does not mend it.
func AwaitRedis(ctx context.Context, redis Pinger, log *zap.Logger) error {
	tries := 0
	wait := backoff.NewExponentialBackOff()
	wait.MaxInterval = maxWait
	_, err := backoff.Retry(ctx, func() (struct{}, error) {
		err := redis.Check(ctx)
		switch {
		case err == nil || cache.IsDenied(err): // it answers; what it denies is asked elsewhere
			if tries > 0 {
				log.Info("redis answers")
			}
			return struct{}{}, nil
		case refused(err):
			return struct{}{}, backoff.Permanent(fmt.Errorf("redis refused the login: %w: check the user and password of redis.url or redis.password; those of sentinels are sentinel_username and sentinel_password in redis.url", err))
		case tries == 0:
			log.Warn("redis does not answer: waiting for it", zap.Error(err))
		}
		tries++
		return struct{}{}, err
	}, backoff.WithBackOff(wait), backoff.WithMaxElapsedTime(0))
	return err
}

// refused reports whether Redis answered that it does not know us.
func refused(err error) bool {
	for _, code := range []string{"WRONGPASS", "NOAUTH", "invalid password", "invalid username-password"} {
		if strings.Contains(err.Error(), code) {
			return true
		}
	}
	return false
}
