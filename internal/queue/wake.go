package queue

import (
	"context"
	"errors"
	"strings"
	"time"

	"github.com/redis/go-redis/v9"
)

// maxTokens caps a wake list. Tokens nobody waits for are left over when tasks come in
// faster than idle workers do; each costs whoever takes it one look at the queue.
const maxTokens = 64

// Waking returns a client for whatever adds tasks through asynq: each script that puts a
// task where it can be taken also leaves a token that wakes one worker waiting for it,
// in the same round trip. A list and not a publication, so that one task wakes one worker
// and not all of them.
func Waking(client redis.UniversalClient) redis.UniversalClient { return &waking{client} }

type waking struct{ redis.UniversalClient }

// EvalSha implements [redis.Scripter].
func (w *waking) EvalSha(ctx context.Context, sha1 string, keys []string, args ...any) *redis.Cmd {
	return w.run(ctx, keys, func(c redis.Scripter) *redis.Cmd { return c.EvalSha(ctx, sha1, keys, args...) })
}

// Eval implements [redis.Scripter].
func (w *waking) Eval(ctx context.Context, script string, keys []string, args ...any) *redis.Cmd {
	return w.run(ctx, keys, func(c redis.Scripter) *redis.Cmd { return c.Eval(ctx, script, keys, args...) })
}

// run runs a script of asynq's and leaves the tokens it calls for.
func (w *waking) run(ctx context.Context, keys []string, script func(redis.Scripter) *redis.Cmd) *redis.Cmd {
	switch queue, effect := effectOf(keys); effect {
	case addsOne:
		var cmd *redis.Cmd
		// A token too many, should the script fail, only costs a look at the queue. Its
		// own error is in cmd.
		_, _ = w.Pipelined(ctx, func(p redis.Pipeliner) error {
			cmd = script(p)
			leaveTokens(ctx, p, queue, 1)
			return nil
		})
		return cmd
	case movesSome:
		cmd := script(w.UniversalClient)
		if n, err := cmd.Int(); err == nil && n > 0 {
			// Without its token a task is found by the fallback poll.
			_, _ = w.Pipelined(ctx, func(p redis.Pipeliner) error {
				leaveTokens(ctx, p, queue, min(n, maxTokens))
				return nil
			})
		}
		return cmd
	default:
		return script(w.UniversalClient)
	}
}

func leaveTokens(ctx context.Context, p redis.Pipeliner, queue string, n int) {
	tokens := make([]any, n)
	for i := range tokens {
		tokens[i] = ""
	}
	p.LPush(ctx, wakeKey(queue), tokens...)
	p.LTrim(ctx, wakeKey(queue), 0, maxTokens-1)
}

// wakeKey is the list of a queue's tokens. It is in the slot of asynq's keys of the queue.
func wakeKey(queue string) string { return "switchyard:{" + queue + "}:wake" }

// effect is what a script of asynq's does to its queue's pending list.
type effect int

const (
	none      effect = iota
	addsOne          // enqueue, requeue, run by hand
	movesSome        // forward what is due, run all by hand; returns how many
	takesOne         // dequeue
)

// effectOf tells a script by its keys, which are part of asynq's stored format; the
// scripts' texts are internal to asynq and change. The keys are those documented above
// each script in asynq's internal/rdb.
func effectOf(keys []string) (queue string, e effect) {
	names := make([]string, len(keys))
	for i, key := range keys {
		rest, ok := strings.CutPrefix(key, "asynq:{")
		if !ok {
			return "", none
		}
		queue, names[i], _ = strings.Cut(rest, "}:")
		names[i], _, _ = strings.Cut(names[i], ":")
	}
	switch strings.Join(names, " ") {
	case "t pending", "unique t pending", "active lease pending t", "t pending groups":
		return queue, addsOne
	case "scheduled pending", "retry pending", "archived pending":
		return queue, movesSome
	case "pending paused active lease":
		return queue, takesOne
	}
	return "", none
}

// waiting is the client of a lane: besides leaving tokens it waits, when there is no task
// to take, until there is a token or the fallback poll is due.
type waiting struct {
	waking
	poll time.Duration
	stop context.Context // ends when the lane takes no more
	own  string          // list whose token interrupts this lane's wait
}

// newWaiting returns the client of the lane named id on queue.
func newWaiting(stop context.Context, client redis.UniversalClient, queue, id string, poll time.Duration) *waiting {
	return &waiting{waking: waking{client}, poll: poll, stop: stop, own: wakeKey(queue) + ":" + id}
}

// maxHeld bounds how old a look's arguments may be: they say when the lease of the task
// taken ends, half a minute after asynq made them.
const maxHeld = 2 * time.Second

// EvalSha implements [redis.Scripter]. A look at the queue that finds no task waits for
// a token and looks again.
func (w *waiting) EvalSha(ctx context.Context, sha1 string, keys []string, args ...any) *redis.Cmd {
	cmd := w.waking.EvalSha(ctx, sha1, keys, args...)
	queue, e := effectOf(keys)
	if e != takesOne || w.stop.Err() != nil {
		return cmd
	}
	began := time.Now()
	switch err := cmd.Err(); {
	case errors.Is(err, redis.Nil):
		if w.wait(ctx, queue) && w.stop.Err() == nil && time.Since(began) < maxHeld {
			return w.waking.EvalSha(ctx, sha1, keys, args...)
		}
	case err != nil && !redis.HasErrorPrefix(err, "NOSCRIPT"):
		w.pause()
	}
	return cmd
}

// wait waits for a token, at most for the poll, and reports whether there was one.
func (w *waiting) wait(ctx context.Context, queue string) bool {
	err := w.BLPop(ctx, w.poll, wakeKey(queue), w.own).Err()
	if err != nil && !errors.Is(err, redis.Nil) {
		w.pause()
	}
	return err == nil
}

// pause keeps a Redis that fails from being asked again at once, as asynq would.
func (w *waiting) pause() {
	select {
	case <-time.After(w.poll):
	case <-w.stop.Done():
	}
}

// interrupt ends a wait of the lane, once stop has ended. A token left because there was
// none to end is forgotten soon.
func (w *waiting) interrupt() {
	ctx, cancel := context.WithTimeout(context.Background(), abortGrace)
	defer cancel()
	// With Redis away there is no wait to end.
	_, _ = w.Pipelined(ctx, func(p redis.Pipeliner) error {
		p.LPush(ctx, w.own, "")
		p.PExpire(ctx, w.own, 2*w.poll)
		return nil
	})
}
