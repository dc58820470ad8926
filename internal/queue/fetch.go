package queue

import (
	"context"
	"switchyard/internal/queue/format"
	"time"

	"github.com/redis/go-redis/v9"
	"go.uber.org/zap"
)

// took is a task taken and not yet given to asynq.
type took struct {
	lease *lease
	msg   string
}

// take is asynq's dequeue: it waits for a task when there is none.
func (l *Lane) take(queue string) *redis.Cmd {
	msg := l.next()
	if msg == "" && l.stop.Err() == nil {
		msg = l.findOrWait(l.sources[queue])
	}
	if msg == "" {
		cmd := redis.NewCmd(context.Background())
		cmd.SetErr(redis.Nil)
		return cmd
	}
	return answer(msg)
}

// Tasks that come in a stream are gathered: to be woken for each would cost the worker, and
// Redis, three round trips a task.
const (
	warm   = 5 * time.Millisecond // since the last task, a stream may go on
	gather = time.Millisecond     // and is looked for again after this
)

// findOrWait returns a message from s. Once each of the lane's sources has been looked at
// in vain, it waits, and looks where there is something new.
func (l *Lane) findOrWait(s *source) string {
	msg, err := l.find(s, false)
	if err != nil {
		sleep(l.stop, retryEvery)
		return ""
	}
	if msg != "" {
		l.misses, l.found = 0, time.Now()
		return msg
	}
	if time.Since(l.found) < warm {
		sleep(l.stop, gather)
		return ""
	}
	if l.misses++; l.misses < len(l.sources) {
		return ""
	}
	l.misses = 0
	l.waits.Store(true)
	woken := l.idle()
	l.waits.Store(false)
	if woken != nil {
		msg, _ = l.find(woken, true)
	}
	return msg
}

// find returns the message of a task that the lane may take, or "" if none waits. Woken by
// a token and without a task it looks for a delayed one, which leaves a token too.
func (l *Lane) find(s *source, woken bool) (string, error) {
	tended, err := l.look(s, true, false)
	if err == nil && woken && len(l.taken) == 0 && !tended {
		_, err = l.look(s, true, true)
	}
	return l.next(), err
}

// next hands out what was taken together with another task.
func (l *Lane) next() string {
	if len(l.taken) == 0 {
		return ""
	}
	msg := l.taken[0].msg
	l.taken = l.taken[1:]
	return msg
}

// returnTaken hands back tasks that were taken and will not be performed.
func (l *Lane) returnTaken() {
	for _, t := range l.taken {
		if err := l.persist(t.lease, func(ctx context.Context) error { return l.release(ctx, t.lease) }); err != nil {
			l.log.Error("task not handed back: it runs again once its lease has run out", zap.String("queue", t.lease.queue), zap.String("id", t.lease.id), zap.Error(err))
		}
		l.leases.drop(t.lease)
	}
	l.taken = nil
}

// release puts a task back at the front of its queue, if it is still ours.
func (l *Lane) release(ctx context.Context, h *lease) error {
	ctx, cancel := context.WithTimeout(ctx, settleWithin)
	defer cancel()
	keys := []string{format.Key(h.queue, "pending"), format.Key(h.queue, "active"), format.Key(h.queue, "lease"), format.WakeKey(h.queue)}
	return releaseScript.Run(ctx, l.redis, keys, format.Key(h.queue, "t:"), format.MaxTokens, h.id, h.mark).Err()
}

// sleep returns false if ctx ends first.
func sleep(ctx context.Context, d time.Duration) bool {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-ctx.Done():
		return false
	}
}
