package cache

import (
	"context"
	"slices"
	"time"

	"github.com/redis/go-redis/v9"
)

// askAgainEvery is what is waited between two tries of a command that has time.
const askAgainEvery = 200 * time.Millisecond

type patienceKey struct{}

// WithPatience returns a context for work that is not to fail because Redis is away for a while:
// what clients of [Connect] are asked with it they ask again and again, until Redis has answered
// for good or the context ends. The error is then that of the last try, and why the context has
// ended. Under a context that cannot end nothing is asked again.
//
// A command whose answer was lost is made twice, as the client does anyway for a broken
// connection: whatever is written has to bear that.
func WithPatience(ctx context.Context) context.Context {
	return context.WithValue(ctx, patienceKey{}, true)
}

// patient is the part of a client that asks again.
type patient struct{}

// DialHook implements [redis.Hook].
func (patient) DialHook(next redis.DialHook) redis.DialHook { return next }

// ProcessHook implements [redis.Hook].
func (patient) ProcessHook(next redis.ProcessHook) redis.ProcessHook {
	return func(ctx context.Context, cmd redis.Cmder) error {
		if !hasPatience(ctx) {
			return next(ctx, cmd)
		}
		return Patiently(ctx, askAgainEvery, IsFinal, func() error { return next(once(ctx), cmd) })
	}
}

// ProcessPipelineHook implements [redis.Hook]. A pipeline is asked again as a whole: it may be a
// transaction.
func (patient) ProcessPipelineHook(next redis.ProcessPipelineHook) redis.ProcessPipelineHook {
	return func(ctx context.Context, cmds []redis.Cmder) error {
		if !hasPatience(ctx) {
			return next(ctx, cmds)
		}
		final := func(err error) bool {
			return IsFinal(err) && !slices.ContainsFunc(cmds, func(cmd redis.Cmder) bool { return !IsFinal(cmd.Err()) })
		}
		return Patiently(ctx, askAgainEvery, final, func() error {
			for _, cmd := range cmds {
				cmd.SetErr(nil) // the MULTI and EXEC of a transaction keep that of the last try
			}
			return next(once(ctx), cmds)
		})
	}
}

// once returns a context without patience, for a single try: what go-redis asks on a new connection, such as
// HELLO, runs through the hooks, too. Asked again on a connection that is lost, it would never be answered.
func once(ctx context.Context) context.Context { return context.WithValue(ctx, patienceKey{}, nil) }

func hasPatience(ctx context.Context) bool {
	return ctx.Value(patienceKey{}) != nil && ctx.Done() != nil
}
