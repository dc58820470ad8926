package queue

import (
	"context"
	"errors"
	"strconv"
	"sync"
	"time"

	"github.com/redis/go-redis/v9"
)

// maxBlock bounds one blocking command, below the read timeout of any client.
const maxBlock = 2 * time.Second

// idle waits, for the fallback poll at most, until a token says that one of the lane's
// queues has a task or until a delayed one is due. It returns the queue of the token, or
// nil.
func (l *Lane) idle() *source {
	until := time.Now().Add(l.opts.Poll)
	for _, s := range l.sources {
		s.mu.Lock()
		if !s.due.IsZero() && s.due.Before(until) {
			until = s.due
		}
		s.mu.Unlock()
	}
	if len(l.sources) == 1 {
		if l.waitFor(l.sources[0], until) {
			return l.sources[0]
		}
		return nil
	}
	return l.waitForAny(until)
}

// waitForAny waits for each queue by itself: in a Redis Cluster their lists are in
// different places. The first token ends the wait for the others.
func (l *Lane) waitForAny(until time.Time) *source {
	var waits sync.WaitGroup
	var first sync.Once
	var found *source
	for _, s := range l.sources {
		waits.Go(func() {
			if l.waitFor(s, until) {
				first.Do(func() {
					found = s
					l.interrupt(s)
				})
			}
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
		// Less than a millisecond would be read as for ever.
		block := max(min(left, maxBlock), time.Millisecond).Seconds()
		popped, err := l.redis.Do(context.Background(), "BLPOP", wakeKey(s.queue), l.own(s), strconv.FormatFloat(block, 'f', 3, 64)).StringSlice()
		switch {
		case errors.Is(err, redis.Nil):
		case err != nil:
			l.contact.failed(err)
			sleep(l.stop, retryEvery)
			return false
		case popped[0] == wakeKey(s.queue):
			return l.keepToken(s)
		default:
			return false
		}
	}
	return false
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
	_, _ = l.redis.Pipelined(ctx, func(p redis.Pipeliner) error {
		leaveTokens(ctx, p, s.queue, 1)
		return nil
	})
	return false
}

// own is the list whose token ends this lane's wait for a queue.
func (l *Lane) own(s *source) string { return wakeKey(s.queue) + ":" + l.id }

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
			p.PExpire(ctx, l.own(s), maxBlock)
			return nil
		})
	}
}
