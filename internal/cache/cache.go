package cache

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/redis/go-redis/v9"
	"golang.org/x/sync/singleflight"
)

// DefaultTTL is how long a value is cached unless said otherwise.
const DefaultTTL = 300 * time.Second

// healthTimeout bounds a health check.
const healthTimeout = 2 * time.Second

// Cache keeps values in Redis for a while. It is safe for concurrent use.
type Cache struct {
	client redis.UniversalClient
	prefix string
	ttl    time.Duration
	fills  singleflight.Group
}

// New returns a cache on client whose keys carry prefix. ttl is used where Set is given
// none; 0 means [DefaultTTL].
func New(client redis.UniversalClient, prefix string, ttl time.Duration) *Cache {
	if ttl == 0 {
		ttl = DefaultTTL
	}
	return &Cache{client: client, prefix: prefix, ttl: ttl}
}

// Get returns the value at key and true, or false if there is none or Redis is away.
func (c *Cache) Get(ctx context.Context, key string) (string, bool) {
	value, found, _ := c.Lookup(ctx, key)
	return value, found
}

// Lookup is Get for callers to whom an outage is not a miss.
func (c *Cache) Lookup(ctx context.Context, key string) (value string, found bool, err error) {
	value, err = c.client.Get(ctx, c.prefix+key).Result()
	if errors.Is(err, redis.Nil) {
		return "", false, nil
	}
	if err != nil {
		return "", false, fmt.Errorf("cache get %q: %w", key, err)
	}
	return value, true, nil
}

// Set keeps value at key for ttl; 0 means the cache's default.
func (c *Cache) Set(ctx context.Context, key, value string, ttl time.Duration) error {
	if ttl == 0 {
		ttl = c.ttl
	}
	if err := c.client.Set(ctx, c.prefix+key, value, ttl).Err(); err != nil {
		return fmt.Errorf("cache set %q: %w", key, err)
	}
	return nil
}

// Delete removes key and reports whether it was there.
func (c *Cache) Delete(ctx context.Context, key string) (bool, error) {
	n, err := c.client.Del(ctx, c.prefix+key).Result()
	if err != nil {
		return false, fmt.Errorf("cache delete %q: %w", key, err)
	}
	return n > 0, nil
}

// Check reports why Redis does not answer within two seconds, nil if it does. Of a cluster
// every master must answer: without one, each key in its slots is out of reach.
func (c *Cache) Check(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, healthTimeout)
	defer cancel()
	err := EachMaster(ctx, c.client, func(ctx context.Context, master redis.UniversalClient) error {
		return master.Ping(ctx).Err()
	})
	if err != nil {
		return fmt.Errorf("redis ping: %w", err)
	}
	return nil
}

// Healthy reports whether Redis answers within two seconds.
func (c *Cache) Healthy(ctx context.Context) bool { return c.Check(ctx) == nil }

// GetJSON returns the value at key decoded into T, and whether there was one. A value
// that is not a T counts as missing: the next fill replaces it.
func GetJSON[T any](ctx context.Context, c *Cache, key string) (T, bool) {
	var v T
	raw, found := c.Get(ctx, key)
	if !found || json.Unmarshal([]byte(raw), &v) != nil {
		var zero T
		return zero, false
	}
	return v, true
}

// SetJSON keeps v at key as JSON for ttl; 0 means the cache's default.
func SetJSON[T any](ctx context.Context, c *Cache, key string, v T, ttl time.Duration) error {
	raw, err := json.Marshal(v)
	if err != nil {
		return fmt.Errorf("cache set %q: %w", key, err)
	}
	return c.Set(ctx, key, string(raw), ttl)
}

// Fill returns the value at key, calling fill to make it if there is none. Concurrent
// callers of the same key share one fill, which runs under the first caller's context.
// With Redis away fill's value is returned uncached.
func Fill[T any](ctx context.Context, c *Cache, key string, ttl time.Duration, fill func(context.Context) (T, error)) (T, error) {
	if v, ok := GetJSON[T](ctx, c, key); ok {
		return v, nil
	}
	v, err, _ := c.fills.Do(key, func() (any, error) {
		// Whoever waited for the lock may find what the one before it stored.
		if v, ok := GetJSON[T](ctx, c, key); ok {
			return v, nil
		}
		v, err := fill(ctx)
		if err == nil {
			_ = SetJSON(ctx, c, key, v, ttl) // an uncached value is still the value
		}
		return v, err
	})
	if err != nil {
		var zero T
		return zero, err
	}
	return v.(T), nil
}
