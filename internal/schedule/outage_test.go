package schedule

import (
	"context"
	"net"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"
	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"

	"switchyard/test/redistest"
)

func TestRedisAwayIsOneLogLineAndNoLostTick(t *testing.T) {
	server := redistest.Server(t, "--appendonly", "yes", "--appendfsync", "always")
	dials := make(chan struct{}, 1000)
	client := redis.NewClient(&redis.Options{
		Addr: server.Addr, MaxRetries: -1, DialerRetries: 1,
		Dialer: func(ctx context.Context, network, addr string) (net.Conn, error) {
			dials <- struct{}{}
			return (&net.Dialer{}).DialContext(ctx, network, addr)
		},
	})
	t.Cleanup(func() { _ = client.Close() })
	store, queue := NewStore(client, prefix), newFakeQueue()
	tick := overdue(t, store, newEntry("e1", "@daily"), 24*time.Hour)
	server.Stop()
	lines := make(chan string, 100)
	logger, _ := observed(zap.InfoLevel)
	logger = logger.WithOptions(zap.Hooks(func(e zapcore.Entry) error { lines <- e.Message; return nil }))
	start(t, store, queue, Options{Logger: logger})
	expect(t, lines, "schedule falls behind, trying again")
	for len(dials) > 0 {
		<-dials
	}
	for range 3 { // several rounds fail
		expect(t, dials, struct{}{})
	}
	if err := server.Start(); err != nil {
		t.Fatal(err)
	}
	expect(t, lines, "schedule works again")
	queue.awaitTick(t, "e1", tick)
}

// expect fails unless the next value of a channel is the one wanted.
func expect[T comparable](t *testing.T, values <-chan T, want T) {
	t.Helper()
	select {
	case got := <-values:
		if got != want {
			t.Fatalf("got %v, want %v", got, want)
		}
	case <-time.After(patience):
		t.Fatalf("never got %v", want)
	}
}

func TestBackoffGrowsToABound(t *testing.T) {
	for failures, most := range map[int]time.Duration{0: minBackoff, 1: 2 * minBackoff, 3: 8 * minBackoff, 1000: maxBackoff} {
		for range 20 {
			if d := backoff(failures); d < most/2 || d > most {
				t.Errorf("backoff(%d) = %s, want %s to %s", failures, d, most/2, most)
			}
		}
	}
}
