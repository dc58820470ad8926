package cache_test

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"
	"go.uber.org/goleak"

	"switchyard/internal/cache"
	"switchyard/test/redistest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func TestAValueIsKeptForItsTTL(t *testing.T) {
	redistest.Run(t, func(t *testing.T, client redis.UniversalClient) {
		c, ctx := cache.New(client, "p:", 0), t.Context()
		if _, ok := c.Get(ctx, "k"); ok {
			t.Error("found before it was set")
		}
		if err := errors.Join(c.Set(ctx, "k", "v", 0), c.Set(ctx, "short", "v", time.Minute)); err != nil {
			t.Fatal(err)
		}
		if v, ok := c.Get(ctx, "k"); !ok || v != "v" {
			t.Errorf("Get = %q, %v", v, ok)
		}
		for key, want := range map[string]time.Duration{"p:k": cache.DefaultTTL, "p:short": time.Minute} {
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
		c := cache.New(client, "p:", 0)
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
				if v, err := cache.Fill(t.Context(), c, "k", 0, fill); err != nil || v["a"] != 1 {
					t.Errorf("Fill = %v, %v", v, err)
				}
			})
		}
		close(release)
		callers.Wait()
		if n := fills.Load(); n != 1 {
			t.Errorf("%d fills, want 1", n)
		}
		if v, ok := cache.GetJSON[map[string]int](t.Context(), c, "k"); !ok || v["a"] != 1 {
			t.Errorf("the filled value is not cached: %v, %v", v, ok)
		}
		if _, err := cache.Fill(t.Context(), c, "bad", 0, func(context.Context) (int, error) { return 0, errors.New("no") }); fmt.Sprint(err) != "no" {
			t.Errorf("a failed fill: %v", err)
		}
	})
}

func TestAValueOfAnotherShapeIsAMiss(t *testing.T) {
	redistest.Run(t, func(t *testing.T, client redis.UniversalClient) {
		c := cache.New(client, "p:", 0)
		if err := c.Set(t.Context(), "k", "not json", 0); err != nil {
			t.Fatal(err)
		}
		if v, ok := cache.GetJSON[int](t.Context(), c, "k"); ok || v != 0 {
			t.Errorf("GetJSON = %v, %v", v, ok)
		}
	})
}

func TestWithRedisAwayReadsMissWritesReportAndNothingHangs(t *testing.T) {
	server := redistest.Server(t)
	client, err := cache.Connect(cache.Options{URL: "redis://" + server.Addr})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = client.Close() }()
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	defer cancel()
	c := cache.New(client, "p:", 0)
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
	if _, _, err := c.Lookup(ctx, "k"); !errors.Is(err, syscall.ECONNREFUSED) {
		t.Errorf("Lookup took the outage for a miss: %v", err)
	}
	if c.Set(ctx, "k", "v", 0) == nil {
		t.Error("a write did not report")
	}
	if v, err := cache.Fill(ctx, c, "k", 0, func(context.Context) (int, error) { return 7, nil }); v != 7 || err != nil {
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

// patience notes the longest that a command was allowed to take.
type patience struct {
	mu      sync.Mutex
	longest time.Duration
}

func (*patience) DialHook(next redis.DialHook) redis.DialHook { return next }

func (*patience) ProcessPipelineHook(next redis.ProcessPipelineHook) redis.ProcessPipelineHook {
	return next
}

func (p *patience) ProcessHook(next redis.ProcessHook) redis.ProcessHook {
	return func(ctx context.Context, cmd redis.Cmder) error {
		left := time.Hour
		if deadline, ok := ctx.Deadline(); ok {
			left = time.Until(deadline)
		}
		p.mu.Lock()
		p.longest = max(p.longest, left)
		p.mu.Unlock()
		return next(ctx, cmd)
	}
}

func TestAHealthCheckTakesTwoSecondsAtMost(t *testing.T) {
	redistest.Run(t, func(t *testing.T, client redis.UniversalClient) {
		var p patience
		err := cache.EachMaster(t.Context(), client, func(_ context.Context, master redis.UniversalClient) error {
			master.AddHook(&p)
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
		healthy := cache.New(client, "p:", 0).Healthy(context.Background())
		if !healthy || p.longest == 0 || p.longest > 2*time.Second {
			t.Errorf("healthy: %v; a health check may take %s, want at most 2s", healthy, p.longest)
		}
	})
}

func TestAClusterIsHealthyWhileEveryMasterAnswers(t *testing.T) {
	cluster := redistest.StartCluster(t)
	c := cache.New(redistest.Connect(t, cluster.URL), "p:", 0)
	if err := c.Check(t.Context()); err != nil {
		t.Fatal(err)
	}
	cluster.Master(t, "p:k").Stop()
	if c.Healthy(t.Context()) {
		t.Error("healthy while a third of the keys is out of reach")
	}
	cluster.AwaitOK(t)
	if err := c.Check(t.Context()); err != nil {
		t.Errorf("a replica has taken over: %v", err)
	}
}

func TestAServerThatNeverAnswersIsUnhealthy(t *testing.T) {
	server := redistest.Server(t, "--enable-debug-command", "yes")
	client, err := cache.Connect(cache.Options{URL: "redis://" + server.Addr})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = client.Close() }()
	c := cache.New(client, "p:", 0)
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
