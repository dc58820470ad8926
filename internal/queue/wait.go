package queue

import (
	"context"
	"errors"
	"strconv"
	"switchyard/internal/queue/format"
	"sync"
	"time"

	"github.com/redis/go-redis/v9"
)

// maxIdle is how long an idle lane waits before it looks for what nobody told it of:
// tasks that a foreign client delayed. asynq does so every 5 seconds; one more keeps all
// that an idle lane asks of Redis below three commands a second.
const maxIdle = 6 * time.Second

// idle waits until a token says that one of the lane's queues has a task, until a delayed
// one is due, or until it is time to look in any case. It returns the queue of the token,
// or nil.
func (l *Lane) idle() *source {
	until := time.Now().Add(maxIdle)
	for _, s := range l.sources {
		s.mu.Lock()
		if !s.due.IsZero() && s.due.Before(until) {
			until = s.due
		}
		s.mu.Unlock()
	}
	if len(l.sources) == 1 {
		only := l.sources[l.opts.Queue]
		if l.waitFor(only, until) {
			return only
		}
		return nil
	}
	return l.waitForAny(until)
}

// waitForAny waits for each queue by itself: in a Redis Cluster their lists are in
// different places. The first wait that ends for any reason ends the others.
func (l *Lane) waitForAny(until time.Time) *source {
	var waits sync.WaitGroup
	var first sync.Once
	var found *source
	for _, s := range l.sources {
		waits.Go(func() {
			woken := l.waitFor(s, until)
			first.Do(func() {
				if woken {
					found = s
				}
				l.interrupt(s)
			})
		})
	}
	waits.Wait()
	return found
}

// waitFor waits for a token of one queue and reports whether there was one.
func (l *Lane) waitFor(s *source, until time.Time) bool {
	for l.stop.Err() == nil {
		left := time.Until(until)
		if left <= 0 {
			return false
		}
		popped, err := l.block(s, left)
		switch {
		case errors.Is(err, redis.Nil):
		case err != nil:
			l.contact.failed(err)
			sleep(l.stop, retryEvery)
			return false
		case popped[0] == format.WakeKey(s.queue):
			return l.keepToken(s)
		default:
			return false
		}
	}
	return false
}

// block waits for a token of the queue or of the lane's own, about as long as asked. A
// connection that is dead without saying so is found out soon after.
func (l *Lane) block(s *source, atMost time.Duration) ([]string, error) {
	ctx, cancel := context.WithTimeout(context.Background(), atMost+lookWithin)
	defer cancel()
	if whole := (atMost + 20*time.Millisecond).Truncate(time.Second); whole > 0 {
		return l.redis.BLPop(ctx, whole, format.WakeKey(s.queue), l.own(s)).Result()
	}
	// The client only sends whole seconds by itself. Zero would be for ever.
	seconds := strconv.FormatFloat(max(atMost, time.Millisecond).Seconds(), 'f', 3, 64)
	return l.redis.Do(ctx, "BLPOP", format.WakeKey(s.queue), l.own(s), seconds).StringSlice()
}

// poll looks, until ctx ends, whether a foreign client has added a task, which leaves no
// token.
func (l *Lane) poll(ctx context.Context) {
	for sleep(ctx, l.opts.Poll) {
		for _, s := range l.sources {
			if l.waits.Load() && !l.contact.lost.Load() && s.untended() > l.opts.Poll && l.hasTask(ctx, s) {
				l.interrupt(nil)
			}
		}
	}
}

// hasTask reports whether a task of the queue waits and the queue is not paused. A Redis
// that fails here fails for the lane's wait, too, which says so.
func (l *Lane) hasTask(ctx context.Context, s *source) bool {
	n, err := l.redis.LLen(ctx, format.Key(s.queue, "pending")).Result()
	if err != nil || n == 0 {
		return false
	}
	paused, err := l.redis.Exists(ctx, format.Key(s.queue, "paused")).Result()
	return err == nil && paused == 0
}

// keepToken reports whether the lane can use the token it took. Stopping, it leaves it to
// another worker.
func (l *Lane) keepToken(s *source) bool {
	if l.stop.Err() == nil {
		return true
	}
	ctx, cancel := context.WithTimeout(context.Background(), abortGrace)
	defer cancel()
	// Without its token a task is found by the fallback poll.
	_ = l.redis.LPush(ctx, format.WakeKey(s.queue), "").Err()
	return false
}

// own is the list whose token ends this lane's wait for a queue.
func (l *Lane) own(s *source) string { return format.WakeKey(s.queue) + ":" + l.id }

// interrupt ends the lane's waits, but for the one named. A token that finds no wait to
// end is forgotten soon.
func (l *Lane) interrupt(except *source) {
	ctx, cancel := context.WithTimeout(context.Background(), abortGrace)
	defer cancel()
	for _, s := range l.sources {
		if s == except {
			continue
		}
		// With Redis away there is no wait to end.
		_, _ = l.redis.Pipelined(ctx, func(p redis.Pipeliner) error {
			p.LPush(ctx, l.own(s), "")
			p.PExpire(ctx, l.own(s), time.Second)
			return nil
		})
	}
}
