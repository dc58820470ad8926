package cache

import (
	"context"
	"fmt"
	"time"

	"github.com/redis/go-redis/v9"
)

// probeKept is how long what a test write has left is kept.
const probeKept = 10 * time.Second

// probeScript writes as the product's own scripts do: it asks for the time, and needs memory.
var probeScript = redis.NewScript(`redis.call("TIME") return redis.call("SET", KEYS[1], "", "PX", ARGV[1])`)

// CheckWrites reports why Redis does not take a script's write of some keys, nil if it does. It
// takes one round trip, and leaves them empty, for ten seconds. Of a Cluster only the masters that have these keys are asked.
func CheckWrites(ctx context.Context, client redis.UniversalClient, keys ...string) error {
	tried := make([]*redis.Cmd, len(keys))
	_, _ = client.Pipelined(ctx, func(p redis.Pipeliner) error {
		for i, key := range keys {
			tried[i] = probeScript.Eval(ctx, p, []string{key}, probeKept.Milliseconds())
		}
		return nil
	})
	for i, key := range keys {
		if err := tried[i].Err(); err != nil {
			return fmt.Errorf("redis refuses to write %s: %w", key, err)
		}
	}
	return nil
}
