package cache_test

import (
	"context"
	"errors"
	"sync"
	"syscall"
	"testing"

	"github.com/redis/go-redis/v9"

	"switchyard/internal/cache"
	"switchyard/test/redistest"
)

// tries tells of each try of what a client was asked.
type tries chan struct{}

func (t tries) DialHook(next redis.DialHook) redis.DialHook { return next }

func (t tries) ProcessHook(next redis.ProcessHook) redis.ProcessHook {
	return func(ctx context.Context, cmd redis.Cmder) error {
		err := next(ctx, cmd)
		t <- struct{}{}
		return err
	}
}

func (t tries) ProcessPipelineHook(next redis.ProcessPipelineHook) redis.ProcessPipelineHook {
	return func(ctx context.Context, cmds []redis.Cmder) error {
		err := next(ctx, cmds)
		t <- struct{}{}
		return err
	}
}

// asks are the ways to ask Redis something.
var asks = map[string]func(context.Context, redis.UniversalClient) error{
	"command": func(ctx context.Context, c redis.UniversalClient) error { return c.Set(ctx, "{k}:command", 1, 0).Err() },
	"pipeline": func(ctx context.Context, c redis.UniversalClient) error {
		_, err := c.Pipelined(ctx, func(p redis.Pipeliner) error {
			p.Get(ctx, "{k}:missing") // whose answer is one
			p.Set(ctx, "{k}:pipeline", 1, 0)
			return nil
		})
		return err
	},
	"transaction": func(ctx context.Context, c redis.UniversalClient) error {
		_, err := c.TxPipelined(ctx, func(p redis.Pipeliner) error {
			p.Get(ctx, "{k}:missing")
			p.Set(ctx, "{k}:transaction", 1, 0)
			return nil
		})
		return err
	},
}

// patiently asks in a way that has patience until ask has failed twice, ends the outage, and
// awaits that what was asked was done.
func patiently(t *testing.T, url, how string, begin, end func()) {
	t.Helper()
	client := redistest.Connect(t, url)
	if err := client.Ping(t.Context()).Err(); err != nil {
		t.Fatal(err)
	}
	tried := make(tries, 1000)
	client.AddHook(tried)
	begin()
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	asked := make(chan error, 1)
	go func() { asked <- asks[how](cache.WithPatience(ctx), client) }()
	<-tried
	<-tried
	end()
	if err := <-asked; err != nil && !errors.Is(err, redis.Nil) {
		t.Errorf("%s: %v", how, err)
	}
	if n, err := client.Exists(t.Context(), "{k}:"+how).Result(); err != nil || n != 1 {
		t.Errorf("%s: it was not done (%v)", how, err)
	}
}

func TestWhoHasPatienceIsServedOnceRedisIsBack(t *testing.T) {
	for how := range asks {
		t.Run("gone/"+how, func(t *testing.T) {
			server := redistest.Server(t)
			patiently(t, "redis://"+server.Addr, how, server.Stop, func() {
				if err := server.Start(); err != nil {
					t.Error(err)
				}
			})
		})
		t.Run("full/"+how, func(t *testing.T) {
			server := redistest.Server(t)
			admin := redistest.Client(t, server.Addr)
			limit := func(bytes string) func() {
				return func() {
					if err := admin.ConfigSet(t.Context(), "maxmemory", bytes).Err(); err != nil {
						t.Error(err)
					}
				}
			}
			patiently(t, "redis://"+server.Addr, how, limit("1"), limit("0"))
		})
		t.Run("loading/"+how, func(t *testing.T) {
			m := redistest.Mini(t)
			patiently(t, "redis://"+m.Addr(), how, func() { m.SetError("LOADING Redis is loading the dataset in memory") }, func() { m.SetError("") })
		})
	}
}

func TestPatienceEndsWithItsContext(t *testing.T) {
	server := redistest.Server(t)
	client := redistest.Client(t, server.Addr)
	tried := make(tries, 1000)
	client.AddHook(tried)
	server.Stop()
	enough := errors.New("enough")
	for how, ask := range asks {
		ctx, cancel := context.WithCancelCause(t.Context())
		var asking sync.WaitGroup
		asking.Go(func() {
			if err := ask(cache.WithPatience(ctx), client); !errors.Is(err, enough) || err.Error() != "enough\ndial tcp "+server.Addr+": connect: connection refused" {
				t.Errorf("%s: error %v, want why it has ended and what Redis said", how, err)
			}
		})
		<-tried
		cancel(enough)
		asking.Wait()
	}
}

func TestAnAnswerOrNoEndInSightEndsPatienceAtOnce(t *testing.T) {
	server := redistest.Server(t)
	client := redistest.Client(t, server.Addr)
	if err := client.Set(t.Context(), "text", "x", 0).Err(); err != nil {
		t.Fatal(err)
	}
	tried := make(tries, 1000)
	client.AddHook(tried)
	ctx := cache.WithPatience(t.Context())
	if err := client.LPush(ctx, "text", "x").Err(); !redis.HasErrorPrefix(err, "WRONGTYPE") {
		t.Errorf("error %v, want WRONGTYPE", err)
	}
	if _, err := client.Pipelined(ctx, func(p redis.Pipeliner) error { p.LPush(ctx, "text", "x"); return nil }); !redis.HasErrorPrefix(err, "WRONGTYPE") {
		t.Errorf("error %v, want WRONGTYPE", err)
	}
	if err := client.Get(ctx, "missing").Err(); !errors.Is(err, redis.Nil) {
		t.Errorf("error %v, want none there", err)
	}
	server.Stop()
	endless := cache.WithPatience(context.WithoutCancel(t.Context()))
	if err := client.Get(endless, "text").Err(); !errors.Is(err, syscall.ECONNREFUSED) {
		t.Errorf("a server that is gone: %v", err)
	}
	if n := len(tried); n != 4 {
		t.Errorf("four questions were asked %d times", n)
	}
}
