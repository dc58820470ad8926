package cache

import "github.com/redis/go-redis/v9"

// Database returns the number of the database that client works in.
func Database(client redis.UniversalClient) int {
	if single, ok := client.(*redis.Client); ok {
		return single.Options().DB
	}
	return 0 // a cluster has no other
}

// InDatabase returns a client of the same server, with a connection of its own, that works in
// another database, and what closes it. For the database that client works in that is client
// itself, which is left open.
func InDatabase(client redis.UniversalClient, db int) (other redis.UniversalClient, closeIt func() error) {
	single, ok := client.(*redis.Client)
	if !ok || single.Options().DB == db {
		return client, func() error { return nil }
	}
	options := *single.Options()
	options.DB, options.PoolSize, options.MaxActiveConns, options.MinIdleConns = db, 1, 1, 0
	options.PushNotificationProcessor = nil // that is of the other's connections
	own := redis.NewClient(&options)
	return own, own.Close
}
