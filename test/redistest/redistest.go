// Package redistest runs a test against every Redis the project promises to work on: the
// embedded miniredis, a private redis-server, a Redis Cluster and a master under Sentinel.
package redistest

import (
	"context"
	"testing"

	"github.com/alicebob/miniredis/v2"
	"github.com/redis/go-redis/v9"

	"switchyard/internal/cache"
)

// Run runs test on miniredis, on a redis-server of its own, on a Redis Cluster and on a
// master under Sentinel, each empty. It gives test the client production would use.
//
// The cluster and the Sentinel group are started once and shared by all tests of the
// binary, one at a time: tests in parallel wait for each other, and a test that calls
// Run from within waits for ever. With -short both are left out, and where the system
// does not end them with the test binary, which is anywhere but on Linux.
func Run(t *testing.T, test func(t *testing.T, client redis.UniversalClient)) {
	t.Helper()
	for _, r := range all {
		t.Run(r.name, func(t *testing.T) { test(t, r.client(t)) })
	}
}

// Together is [Run] on all of them at once, for tests that wait most of the time.
func Together(t *testing.T, test func(t *testing.T, client redis.UniversalClient)) {
	t.Helper()
	for _, r := range all {
		t.Run(r.name, func(t *testing.T) {
			t.Parallel()
			test(t, r.client(t))
		})
	}
}

// Single runs test on what a program can be that knows no cluster: miniredis, a redis-server of its
// own, and a master under Sentinel, as [Run] does.
func Single(t *testing.T, test func(t *testing.T, client redis.UniversalClient)) {
	t.Helper()
	for _, r := range all {
		if r.name != "cluster" {
			t.Run(r.name, func(t *testing.T) { test(t, r.client(t)) })
		}
	}
}

// all is every Redis that is promised.
var all = []struct {
	name   string
	client func(*testing.T) redis.UniversalClient
}{
	{"miniredis", func(t *testing.T) redis.UniversalClient { return Client(t, Mini(t).Addr()) }},
	{"redis-server", func(t *testing.T) redis.UniversalClient { return Client(t, Server(t).Addr) }},
	{"cluster", sharedCluster.client},
	{"sentinel", sharedSentinel.client},
}

// Client returns a client of the Redis at addr, closed with the test.
func Client(t testing.TB, addr string) redis.UniversalClient {
	t.Helper()
	return Connect(t, "redis://"+addr)
}

// Connect returns a client of the Redis at url, in any form [cache.Connect] takes, closed
// with the test.
func Connect(t testing.TB, url string) redis.UniversalClient {
	t.Helper()
	client, err := cache.Connect(cache.Options{URL: url})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = client.Close() })
	return client
}

// User makes a user of the Redis at addr with the given rules, and no others, and returns the URL
// that signs in as it.
func User(t testing.TB, addr, name string, rules ...string) string {
	t.Helper()
	const password = "K3epOut" // no word: it is hidden wherever it is said
	args := []any{"ACL", "SETUSER", name, "reset", "on", ">" + password}
	for _, rule := range rules {
		args = append(args, rule)
	}
	if err := Client(t, addr).Do(context.Background(), args...).Err(); err != nil {
		t.Fatal(err)
	}
	return "redis://" + name + ":" + password + "@" + addr
}

// RefusedNobody fails the test if the access control of a server has refused any user anything.
func RefusedNobody(t testing.TB, addr string) {
	t.Helper()
	refused, err := Client(t, addr).(*redis.Client).ACLLog(context.Background(), 100).Result()
	if err != nil {
		t.Error(err)
	}
	for _, r := range refused {
		t.Errorf("redis refused %s %q in a %s: %s, %d times", r.Username, r.Object, r.Context, r.Reason, r.Count)
	}
}

// Mini starts a miniredis, stopped with the test.
func Mini(t testing.TB) *miniredis.Miniredis {
	t.Helper()
	m := miniredis.NewMiniRedis()
	if err := m.Start(); err != nil {
		t.Fatalf("start miniredis: %v", err)
	}
	t.Cleanup(m.Close)
	return m
}
