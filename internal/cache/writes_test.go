package cache_test

import (
	"strings"
	"testing"

	"github.com/redis/go-redis/v9"

	"switchyard/internal/cache"
	"switchyard/test/redistest"
)

func TestARedisThatTakesWritesIsFoundToDoSo(t *testing.T) {
	redistest.Run(t, func(t *testing.T, client redis.UniversalClient) {
		if err := cache.CheckWrites(t.Context(), client, "a:{1}:probe", "b:{2}:probe"); err != nil {
			t.Error(err)
		}
		for _, key := range []string{"a:{1}:probe", "b:{2}:probe"} {
			if left := client.PTTL(t.Context(), key).Val(); left <= 0 {
				t.Errorf("%s stays for %s", key, left)
			}
		}
	})
}

func TestARefusalNamesTheKeyAndGivesRedissWords(t *testing.T) {
	server := redistest.Server(t, "--maxmemory", "1")
	err := cache.CheckWrites(t.Context(), redistest.Client(t, server.Addr), "a:{1}:probe")
	if err == nil || !strings.HasPrefix(err.Error(), "redis refuses to write a:{1}:probe: OOM ") {
		t.Errorf("says %v", err)
	}
}
