package embedded

import (
	"testing"
	"time"

	"go.uber.org/goleak"

	"switchyard/internal/cache"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func TestTheEmbeddedRedisForgetsWhatHasATTL(t *testing.T) {
	url, stop, err := Redis()
	if err != nil {
		t.Fatal(err)
	}
	defer stop()
	client, err := cache.Connect(cache.Options{URL: url})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = client.Close() }()
	if err := client.Set(t.Context(), "k", "v", 500*time.Millisecond).Err(); err != nil {
		t.Fatal(err)
	}
	for deadline := time.Now().Add(time.Minute); client.Exists(t.Context(), "k").Val() == 1; {
		if time.Now().After(deadline) {
			t.Fatal("a key with a TTL of 0.5s is there after a minute")
		}
	}
}
