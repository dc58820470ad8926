package queue

import (
	"context"
	"sync/atomic"
	"time"

	"github.com/redis/go-redis/v9"
)

// laneClient is the Redis client a lane gives asynq. Through it the lane itself takes
// tasks, keeps their leases and sees each attempt's end through; asynq need not know.
type laneClient struct {
	waking
	lane *Lane
}

// EvalSha implements [redis.Scripter].
func (c *laneClient) EvalSha(ctx context.Context, sha1 string, keys []string, args ...any) *redis.Cmd {
	// What is reported aside cannot ask asynq for the script's text later. Without
	// arguments it is the last report of a server, whose script was not sent before.
	if callOf(keys).effect == reports && (len(args) == 0 || c.lane.reporter.unloaded.Swap(false)) {
		cmd := redis.NewCmd(ctx)
		cmd.SetErr(errNoScript{})
		return cmd
	}
	return c.run(ctx, keys, func(ctx context.Context, r redis.Scripter) *redis.Cmd { return r.EvalSha(ctx, sha1, keys, args...) })
}

// Eval implements [redis.Scripter].
func (c *laneClient) Eval(ctx context.Context, script string, keys []string, args ...any) *redis.Cmd {
	return c.run(ctx, keys, func(ctx context.Context, r redis.Scripter) *redis.Cmd { return r.Eval(ctx, script, keys, args...) })
}

func (c *laneClient) run(ctx context.Context, keys []string, script func(context.Context, redis.Scripter) *redis.Cmd) *redis.Cmd {
	call := callOf(keys)
	plain := func(ctx context.Context) *redis.Cmd {
		return c.waking.run(ctx, call, keys, func(r redis.Scripter) *redis.Cmd { return script(ctx, r) })
	}
	switch call.effect {
	case takes:
		return c.lane.take(call.queue)
	case ends:
		return c.lane.settle(call, func(ctx context.Context) *redis.Cmd {
			return c.lane.batch.end(func(r redis.Scripter) *redis.Cmd { return script(ctx, r) })
		})
	case retries, requeues:
		return c.lane.settle(call, plain)
	case recovers: // the lane rescues sooner
		return answer([]any{})
	case reports:
		c.lane.reporter.send(func(ctx context.Context) error { return plain(ctx).Err() })
		return answer("OK")
	}
	return plain(ctx)
}

// errNoScript has asynq send the text of a script.
type errNoScript struct{}

func (errNoScript) Error() string { return "NOSCRIPT" }
func (errNoScript) RedisError()   {}

// answer is a script's answer that did not come from Redis.
func answer(value any) *redis.Cmd {
	cmd := redis.NewCmd(context.Background())
	cmd.SetVal(value)
	return cmd
}

// ZAddXX implements [redis.Cmdable]. asynq extends leases with it, which the lane renews
// itself.
func (c *laneClient) ZAddXX(ctx context.Context, _ string, members ...redis.Z) *redis.IntCmd {
	cmd := redis.NewIntCmd(ctx)
	cmd.SetVal(int64(len(members)))
	return cmd
}

// ZAdd implements [redis.Cmdable]. asynq lists its servers with it.
func (c *laneClient) ZAdd(ctx context.Context, key string, members ...redis.Z) *redis.IntCmd {
	c.lane.reporter.send(func(ctx context.Context) error { return c.UniversalClient.ZAdd(ctx, key, members...).Err() })
	return redis.NewIntCmd(ctx)
}

// ZRem implements [redis.Cmdable]. asynq takes its server off the list with it.
func (c *laneClient) ZRem(ctx context.Context, key string, members ...any) *redis.IntCmd {
	c.lane.reporter.send(func(ctx context.Context) error { return c.UniversalClient.ZRem(ctx, key, members...).Err() })
	return redis.NewIntCmd(ctx)
}

// reporter writes for asynqmon's Servers page, in order and aside: asynq starts no task
// while it writes there, which takes long when Redis does.
type reporter struct {
	writes   chan func(context.Context) error
	unloaded atomic.Bool // Redis does not have the script
}

// reportWithin bounds one write. Every write is followed by a newer one in 5 seconds.
const reportWithin = time.Second

func newReporter() *reporter {
	r := &reporter{writes: make(chan func(context.Context) error, 16)}
	r.unloaded.Store(true)
	return r
}

func (r *reporter) send(write func(context.Context) error) {
	select {
	case r.writes <- write:
	default: // Redis is away: what is dropped is old by the time it is back
	}
}

// run writes until the reporter is closed and all is written.
func (r *reporter) run() {
	for write := range r.writes {
		ctx, cancel := context.WithTimeout(context.Background(), reportWithin)
		if err := write(ctx); redis.HasErrorPrefix(err, "NOSCRIPT") {
			r.unloaded.Store(true)
		}
		cancel()
	}
}
