package app

import (
	"testing"
	"time"

	"switchyard/internal/cache"
	"switchyard/internal/config"
)

func TestTheEmbeddedRedisForgetsWhatHasATTL(t *testing.T) {
	c := config.Default()
	stop, err := embedRedis(&c)
	if err != nil {
		t.Fatal(err)
	}
	defer stop()
	client, err := cache.Connect(c.RedisOptions())
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = client.Close() }()
	if err := client.Set(t.Context(), "k", "v", 500*time.Millisecond).Err(); err != nil {
		t.Fatal(err)
	}
	for deadline := time.Now().Add(time.Minute); client.Exists(t.Context(), "k").Val() == 1; {
		if time.Now().After(deadline) {
			t.Fatal("a key with a TTL of 0.5s is there after 20s")
		}
	}
}
