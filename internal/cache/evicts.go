package cache

import (
	"context"
	"strings"
	"sync"

	"github.com/redis/go-redis/v9"
)

// Evicts returns Redis's maxmemory-policy if it may drop keys that have no TTL, such
// as waiting tasks and schedule entries, and "" if they are safe or Redis does not
// say. Only noeviction and the volatile policies keep them. Of a cluster it is the policy
// of any master that may.
func Evicts(ctx context.Context, client redis.UniversalClient) string {
	var mu sync.Mutex
	var evicts string
	// A master that does not say is no reason for a warning.
	_ = EachMaster(ctx, client, func(ctx context.Context, master redis.UniversalClient) error {
		values, err := master.InfoMap(ctx, "memory").Result()
		if policy := values["Memory"]["maxmemory_policy"]; strings.HasPrefix(policy, "allkeys-") {
			mu.Lock()
			evicts = policy
			mu.Unlock()
		}
		return err
	})
	return evicts
}
