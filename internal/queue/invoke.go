package queue

import (
	"context"

	"github.com/redis/go-redis/v9"
)

// invocation is one run of a script.
type invocation struct {
	keys  []string
	args  []any
	reply *redis.Cmd // carries its own error
}

// invoke runs a script as often as is asked for, in one round trip, or two if Redis does not
// know the script yet. What first queues goes with the first of them.
func (c *Client) invoke(ctx context.Context, script *redis.Script, all []*invocation, first func(redis.Pipeliner)) {
	_, _ = c.redis.Pipelined(ctx, func(p redis.Pipeliner) error {
		first(p)
		for _, one := range all {
			one.reply = script.EvalSha(ctx, p, one.keys, one.args...)
		}
		return nil
	})
	var unknown []*invocation
	for _, one := range all {
		if redis.HasErrorPrefix(one.reply.Err(), "NOSCRIPT") {
			unknown = append(unknown, one)
		}
	}
	if len(unknown) == 0 {
		return
	}
	_, _ = c.redis.Pipelined(ctx, func(p redis.Pipeliner) error {
		for _, one := range unknown {
			one.reply = script.Eval(ctx, p, one.keys, one.args...)
		}
		return nil
	})
}
