package cache

import (
	"fmt"

	"github.com/redis/go-redis/v9"
)

// Blocking returns a client of the same Redis, with its login, database and encryption, for
// commands that wait there, such as BLPOP. It has at most so many connections of its own, of a
// cluster to each node, so that whoever waits never takes one that others need at once, and no
// connection before the first command. It tries no command again: whoever waits sees at once
// that Redis is away. The caller closes it, before client.
func Blocking(client redis.UniversalClient, most int) (redis.UniversalClient, error) {
	switch c := client.(type) {
	case *redis.Client:
		options := *c.Options()
		options.PoolSize, options.MaxActiveConns, options.MaxIdleConns, options.MinIdleConns = most, most, most, 0
		options.MaxRetries, options.PushNotificationProcessor = -1, nil // which is of client's connections
		return redis.NewClient(&options), nil
	case *redis.ClusterClient:
		options := *c.Options()
		options.PoolSize, options.MaxActiveConns, options.MaxIdleConns, options.MinIdleConns = most, most, most, 0
		return redis.NewClusterClient(&options), nil
	}
	return nil, fmt.Errorf("redis client of type %T cannot be copied: use one that cache.Connect has made", client)
}
