package cache_test

import (
	"testing"

	"switchyard/internal/cache"
	"switchyard/test/redistest"
)

func TestAnEvictingRedisIsNoticed(t *testing.T) {
	server := redistest.Server(t)
	client := redistest.Client(t, server.Addr)
	for policy, want := range map[string]string{"noeviction": "", "volatile-lru": "", "allkeys-lru": "allkeys-lru"} {
		if err := client.ConfigSet(t.Context(), "maxmemory-policy", policy).Err(); err != nil {
			t.Fatal(err)
		}
		if got := cache.Evicts(t.Context(), client); got != want {
			t.Errorf("%s: Evicts = %q, want %q", policy, got, want)
		}
	}
}

func TestOneEvictingMasterOfAClusterIsNoticed(t *testing.T) {
	cluster := redistest.StartCluster(t)
	client := redistest.Connect(t, cluster.URL)
	if got := cache.Evicts(t.Context(), client); got != "" {
		t.Errorf("Evicts = %q before any does", got)
	}
	one := redistest.Client(t, cluster.Master(t, "k").Addr)
	if err := one.ConfigSet(t.Context(), "maxmemory-policy", "allkeys-lru").Err(); err != nil {
		t.Fatal(err)
	}
	if got := cache.Evicts(t.Context(), client); got != "allkeys-lru" {
		t.Errorf("Evicts = %q, want allkeys-lru", got)
	}
}
