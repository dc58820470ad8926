package redistest

import (
	"context"
	"net"

	"github.com/redis/go-redis/v9"
)

// Refusals is a hook of a client that tells of connections that are refused.
type Refusals chan struct{}

// DialHook implements [redis.Hook].
func (r Refusals) DialHook(next redis.DialHook) redis.DialHook {
	return func(ctx context.Context, network, addr string) (net.Conn, error) {
		conn, err := next(ctx, network, addr)
		if err != nil {
			select {
			case r <- struct{}{}:
			default: // nobody asks any more
			}
		}
		return conn, err
	}
}

// ProcessHook implements [redis.Hook].
func (r Refusals) ProcessHook(next redis.ProcessHook) redis.ProcessHook { return next }

// ProcessPipelineHook implements [redis.Hook].
func (r Refusals) ProcessPipelineHook(next redis.ProcessPipelineHook) redis.ProcessPipelineHook {
	return next
}
