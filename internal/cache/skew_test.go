package cache_test

import (
	"testing"
	"time"

	"switchyard/internal/cache"
	"switchyard/test/redistest"
)

func TestAClockThatDiffersFromRedisIsMeasured(t *testing.T) {
	server := redistest.Mini(t)
	client := redistest.Client(t, server.Addr())
	for _, want := range []time.Duration{time.Minute, -time.Minute} {
		server.SetTime(time.Now().Add(-want))
		skew, err := cache.Skew(t.Context(), client)
		// The server's time stands still meanwhile, and the test may.
		if err != nil || skew < want-time.Second || skew > want+30*time.Second {
			t.Errorf("skew %s, err %v; want %s", skew, err, want)
		}
	}
}
