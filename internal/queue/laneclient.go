package queue

import (
	"context"

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
	call := callOf(keys)
	if call.effect == reports {
		return c.lane.reporter.sendSha(args, func(ctx context.Context, args []any) error {
			return c.UniversalClient.EvalSha(ctx, sha1, keys, args...).Err()
		})
	}
	return c.run(ctx, call, func(ctx context.Context, r redis.Scripter) *redis.Cmd { return r.EvalSha(ctx, sha1, keys, args...) })
}

// Eval implements [redis.Scripter].
func (c *laneClient) Eval(ctx context.Context, script string, keys []string, args ...any) *redis.Cmd {
	call := callOf(keys)
	if call.effect == reports {
		return c.lane.reporter.send(args, func(ctx context.Context, args []any) error {
			return c.UniversalClient.Eval(ctx, script, keys, args...).Err()
		})
	}
	return c.run(ctx, call, func(ctx context.Context, r redis.Scripter) *redis.Cmd { return r.Eval(ctx, script, keys, args...) })
}

func (c *laneClient) run(ctx context.Context, call call, script func(context.Context, redis.Scripter) *redis.Cmd) *redis.Cmd {
	plain := func(ctx context.Context) *redis.Cmd {
		return c.waking.run(ctx, call, func(r redis.Scripter) *redis.Cmd { return script(ctx, r) })
	}
	switch call.effect {
	case takes:
		return c.lane.take(call.queue)
	case ends:
		return c.lane.settle(call, func(ctx context.Context) *redis.Cmd {
			return c.lane.batch.end(func(r redis.Scripter) *redis.Cmd { return script(ctx, r) })
		})
	case retries, requeues:
		return c.lane.settle(call, func(ctx context.Context) *redis.Cmd {
			ctx, cancel := context.WithTimeout(ctx, settleWithin)
			defer cancel()
			return plain(ctx)
		})
	case recovers: // the lane rescues sooner
		return answer([]any{})
	}
	return plain(ctx)
}

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
	c.lane.reporter.list(key, members, func(ctx context.Context, members []redis.Z) error {
		return c.UniversalClient.ZAdd(ctx, key, members...).Err()
	})
	return redis.NewIntCmd(ctx)
}

// ZRem implements [redis.Cmdable]. asynq takes its server off the list with it.
func (c *laneClient) ZRem(ctx context.Context, key string, members ...any) *redis.IntCmd {
	c.lane.reporter.add(func(ctx context.Context) error { return c.UniversalClient.ZRem(ctx, key, members...).Err() })
	return redis.NewIntCmd(ctx)
}
