package cache

import (
	"context"

	"github.com/redis/go-redis/v9"
)

// EachMaster calls do for every server that takes writes: all masters of a cluster, at
// once, or the one server there is. Commands without a key, such as PING and FLUSHALL,
// would otherwise reach any one node of a cluster. It returns the first error.
func EachMaster(ctx context.Context, client redis.UniversalClient, do func(ctx context.Context, master redis.UniversalClient) error) error {
	cluster, ok := client.(*redis.ClusterClient)
	if !ok {
		return do(ctx, client)
	}
	return cluster.ForEachMaster(ctx, func(ctx context.Context, master *redis.Client) error { return do(ctx, master) })
}
