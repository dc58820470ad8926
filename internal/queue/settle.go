package queue

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/redis/go-redis/v9"

	"switchyard/internal/cache"
	"switchyard/internal/queue/format"
)

// settleWithin bounds one try to write an attempt's end.
const settleWithin = 2 * time.Second

// settle runs the script that ends an attempt, again until Redis has taken it: what is
// finished must not be done again because Redis was away for a moment. If another worker
// has the task by then, it is left to that one.
func (l *Lane) settle(c call, script func(context.Context) *redis.Cmd) *redis.Cmd {
	h := l.leases.get(c.queue, c.task)
	if h == nil {
		return answer("OK") // the lease was lost, and the attempt with it
	}
	cmd := answer("OK")
	decided := l.leases.decided(h)
	err := l.persist(h, func(ctx context.Context) error {
		if decided.giveBack {
			return l.release(ctx, h)
		}
		if c.effect == retries {
			ctx = withDelay(ctx, delay{at: decided.retryAt, parked: decided.parked})
		}
		cmd = script(ctx)
		return cmd.Err()
	})
	switch {
	case redis.HasErrorPrefix(err, "NOSCRIPT"):
		return cmd // asynq calls again, with the script
	case errors.Is(err, ErrLeaseLost):
		cmd = answer("OK")
	case err != nil:
		cmd = redis.NewCmd(context.Background())
		cmd.SetErr(err)
	}
	l.leases.drop(h)
	l.passTurn(h)
	return cmd
}

// passTurn gives the turn of a task whose attempt has ended to the next of its user's. A
// turn that cannot be given now is given by the lane that next looks after the queue.
func (l *Lane) passTurn(h *lease) {
	if h.user == "" {
		return
	}
	ctx, cancel := context.WithTimeout(context.Background(), settleWithin)
	defer cancel()
	keys := []string{format.Key(h.queue, "pending"), format.Key(h.queue, "groups"), format.WakeKey(h.queue)}
	if err := turnScript.Run(ctx, l.redis, keys, format.Key(h.queue, "t:"), format.Key(h.queue, "g:"), format.TurnsKey(h.queue), l.opts.PerUser, h.user, format.MaxTokens).Err(); err != nil {
		l.contact.failed(err)
	}
}

// persist writes something of a task's, again until Redis has taken it. It returns
// [ErrLeaseLost] once the task is somebody else's, and an error that is [errExit] if the
// lane must exit first. While nobody has renewed the lease for too long it writes nothing.
func (l *Lane) persist(h *lease, write func(context.Context) error) error {
	err := ErrFenced
	for {
		select {
		case <-h.lost:
			return ErrLeaseLost
		default:
		}
		if l.leases.safeFor(h) > 0 {
			if err = write(l.exit); cache.IsFinal(err) {
				return err
			}
			l.contact.failed(err)
		}
		l.contact.await(l.exit)
		if !sleep(l.exit, settlePause) {
			return fmt.Errorf("%w: %w", errExit, err)
		}
	}
}

// errExit ends what is still to be written when the worker exits. The task runs again.
var errExit = errors.New("worker exits before redis has taken the outcome")

// settlePause keeps a Redis that refuses to write from being asked at once again.
const settlePause = 100 * time.Millisecond
