package cache

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"
	"go.uber.org/goleak"

	"switchyard/internal/redistest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func TestAValueIsKeptForItsTTL(t *testing.T) {
	redistest.Run(t, func(t *testing.T, client redis.UniversalClient) {
		c, ctx := New(client, "p:", 0), t.Context()
		if _, ok := c.Get(ctx, "k"); ok {
			t.Error("found before it was set")
		}
		if err := errors.Join(c.Set(ctx, "k", "v", 0), c.Set(ctx, "short", "v", time.Minute)); err != nil {
			t.Fatal(err)
		}
		if v, ok := c.Get(ctx, "k"); !ok || v != "v" {
			t.Errorf("Get = %q, %v", v, ok)
		}
		for key, want := range map[string]time.Duration{"p:k": DefaultTTL, "p:short": time.Minute} {
			if ttl := client.TTL(ctx, key).Val(); ttl > want || ttl < want-5*time.Second {
				t.Errorf("TTL of %s is %s, want %s", key, ttl, want)
			}
		}
		if was, err := c.Delete(ctx, "k"); !was || err != nil {
			t.Errorf("Delete = %v, %v", was, err)
		}
		if was, err := c.Delete(ctx, "k"); was || err != nil {
			t.Errorf("second Delete = %v, %v", was, err)
		}
	})
}

func TestConcurrentCallersShareOneFill(t *testing.T) {
	redistest.Run(t, func(t *testing.T, client redis.UniversalClient) {
		c := New(client, "p:", 0)
		var fills atomic.Int32
		release := make(chan struct{})
		fill := func(context.Context) (map[string]int, error) {
			fills.Add(1)
			<-release
			return map[string]int{"a": 1}, nil
		}
		var callers sync.WaitGroup
		for range 20 {
			callers.Go(func() {
				if v, err := Fill(t.Context(), c, "k", 0, fill); err != nil || v["a"] != 1 {
					t.Errorf("Fill = %v, %v", v, err)
				}
			})
		}
		close(release)
		callers.Wait()
		if n := fills.Load(); n != 1 {
			t.Errorf("%d fills, want 1", n)
		}
		if v, ok := GetJSON[map[string]int](t.Context(), c, "k"); !ok || v["a"] != 1 {
			t.Errorf("the filled value is not cached: %v, %v", v, ok)
		}
		if _, err := Fill(t.Context(), c, "bad", 0, func(context.Context) (int, error) { return 0, errors.New("no") }); err == nil {
			t.Error("a failed fill gave no error")
		}
	})
}

func TestAValueOfAnotherShapeIsAMiss(t *testing.T) {
	redistest.Run(t, func(t *testing.T, client redis.UniversalClient) {
		c := New(client, "p:", 0)
		if err := c.Set(t.Context(), "k", "not json", 0); err != nil {
			t.Fatal(err)
		}
		if v, ok := GetJSON[int](t.Context(), c, "k"); ok || v != 0 {
			t.Errorf("GetJSON = %v, %v", v, ok)
		}
	})
}

func TestWithRedisAwayReadsMissWritesReportAndNothingHangs(t *testing.T) {
	server := redistest.Server(t)
	client, err := Connect(Options{URL: "redis://" + server.Addr})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = client.Close() }()
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	defer cancel()
	c := New(client, "p:", 0)
	if !c.Healthy(ctx) {
		t.Fatalf("not healthy: %v", c.Check(ctx))
	}
	server.Stop()
	if c.Healthy(ctx) || c.Check(ctx) == nil {
		t.Error("healthy without Redis")
	}
	if _, ok := c.Get(ctx, "k"); ok {
		t.Error("a read did not miss")
	}
	if _, _, err := c.Lookup(ctx, "k"); err == nil {
		t.Error("Lookup took the outage for a miss")
	}
	if c.Set(ctx, "k", "v", 0) == nil {
		t.Error("a write did not report")
	}
	if v, err := Fill(ctx, c, "k", 0, func(context.Context) (int, error) { return 7, nil }); v != 7 || err != nil {
		t.Errorf("Fill = %v, %v", v, err)
	}
	if err := server.Start(); err != nil {
		t.Fatal(err)
	}
	// The pool looks for the server again once a second.
	for c.Set(ctx, "k", "v", 0) != nil {
		if ctx.Err() != nil {
			t.Fatal("no recovery")
		}
	}
}

// patience notes how long the latest command was allowed to take.
type patience struct{ left time.Duration }

func (*patience) DialHook(next redis.DialHook) redis.DialHook { return next }

func (*patience) ProcessPipelineHook(next redis.ProcessPipelineHook) redis.ProcessPipelineHook {
	return next
}

func (p *patience) ProcessHook(next redis.ProcessHook) redis.ProcessHook {
	return func(ctx context.Context, cmd redis.Cmder) error {
		deadline, ok := ctx.Deadline()
		if p.left = time.Until(deadline); !ok {
			p.left = time.Hour
		}
		return next(ctx, cmd)
	}
}

func TestAHealthCheckTakesTwoSecondsAtMost(t *testing.T) {
	redistest.Run(t, func(t *testing.T, client redis.UniversalClient) {
		var p patience
		client.AddHook(&p)
		if !New(client, "p:", 0).Healthy(context.Background()) || p.left > 2*time.Second {
			t.Errorf("a health check may take %s, want at most 2s", p.left)
		}
	})
}

func TestAServerThatNeverAnswersIsUnhealthy(t *testing.T) {
	server := redistest.Server(t, "--enable-debug-command", "yes")
	client, err := Connect(Options{URL: "redis://" + server.Addr})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = client.Close() }()
	c := New(client, "p:", 0)
	blocker := redistest.Client(t, server.Addr)
	blocked := make(chan struct{})
	go func() {
		close(blocked)
		_ = blocker.Do(context.Background(), "DEBUG", "SLEEP", "60").Err()
	}()
	<-blocked
	for c.Healthy(t.Context()) { // until the server sleeps
	}
	server.Stop()
}
