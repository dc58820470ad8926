package queue

import (
	"context"
	"strconv"
	"switchyard/internal/queue/format"
	"sync/atomic"
	"time"

	"github.com/redis/go-redis/v9"
)

// Waking returns a client for whatever adds tasks through asynq: each script that puts a
// task where it can be taken, now or later, also leaves a token that wakes one worker
// waiting for it, in the same round trip. A list and not a publication, so that one task
// wakes one worker and not all of them.
func Waking(client redis.UniversalClient) redis.UniversalClient {
	return &waking{UniversalClient: client, left: new(atomic.Uint64)}
}

type waking struct {
	redis.UniversalClient
	left *atomic.Uint64 // tokens
}

// EvalSha implements [redis.Scripter].
func (w *waking) EvalSha(ctx context.Context, sha1 string, keys []string, args ...any) *redis.Cmd {
	return w.run(ctx, callOf(keys), func(c redis.Scripter) *redis.Cmd { return c.EvalSha(ctx, sha1, keys, args...) })
}

// Eval implements [redis.Scripter].
func (w *waking) Eval(ctx context.Context, script string, keys []string, args ...any) *redis.Cmd {
	return w.run(ctx, callOf(keys), func(c redis.Scripter) *redis.Cmd { return c.Eval(ctx, script, keys, args...) })
}

// run runs a script of asynq's and leaves the tokens it calls for.
func (w *waking) run(ctx context.Context, c call, script func(redis.Scripter) *redis.Cmd) *redis.Cmd {
	var cmd *redis.Cmd
	// A token too many, should a script fail, only costs a look at the queue, and without
	// its token a task is found by the fallback poll. The script's own error is in cmd.
	switch c.effect {
	case adds:
		_, _ = w.Pipelined(ctx, func(p redis.Pipeliner) error {
			cmd = script(p)
			w.leaveTokens(ctx, p, c.queue, 1)
			return nil
		})
	case delays:
		_, _ = w.TxPipelined(ctx, func(p redis.Pipeliner) error {
			cmd = script(p)
			if d, ok := ctx.Value(delayKey{}).(delay); ok {
				p.Eval(ctx, stampLua, []string{format.Key(c.queue, "scheduled"), format.Key(c.queue, "t:"+c.task)}, c.task, strconv.FormatInt(d.at.UnixMilli(), 10), 0)
			}
			w.leaveTokens(ctx, p, c.queue, 1)
			return nil
		})
	case addsSome:
		cmd = script(w.UniversalClient)
		if n, err := cmd.Int(); err == nil && n > 0 {
			_, _ = w.Pipelined(ctx, func(p redis.Pipeliner) error {
				w.leaveTokens(ctx, p, c.queue, min(n, format.MaxTokens))
				return nil
			})
		}
	default:
		cmd = script(w.UniversalClient)
	}
	return cmd
}

// trimEvery is how many tokens a client leaves before it trims their list again.
const trimEvery = 16

func (w *waking) leaveTokens(ctx context.Context, p redis.Pipeliner, queue string, n int) {
	tokens := make([]any, n)
	for i := range tokens {
		tokens[i] = ""
	}
	p.LPush(ctx, format.WakeKey(queue), tokens...)
	if left := w.left.Add(uint64(n)); left/trimEvery != (left-uint64(n))/trimEvery {
		p.LTrim(ctx, format.WakeKey(queue), 0, format.MaxTokens-1)
	}
}

// delay is what asynq does not keep of a task that is delayed.
type delay struct {
	at time.Time // asynq cuts it to the second
}

type delayKey struct{}

// withDelay lets the script that delays a task keep the rest of it.
func withDelay(ctx context.Context, d delay) context.Context {
	return context.WithValue(ctx, delayKey{}, d)
}
