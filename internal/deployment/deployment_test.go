package deployment

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"
	"go.uber.org/goleak"
	"go.uber.org/zap"
	"go.uber.org/zap/zaptest/observer"

	"switchyard/test/redistest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func TestAQueueBelongsToTheFirstDeploymentOfADatabase(t *testing.T) {
	redistest.Run(t, func(t *testing.T, client redis.UniversalClient) {
		ctx, log := t.Context(), zap.NewNop()
		first, second := NewQueues(client, "live", log), NewQueues(client, "staging", log)
		if err := second.Check(ctx, "agents"); err != nil {
			t.Errorf("a queue that is nobody's: %v", err)
		}
		for range 2 {
			if err := first.Claim(ctx, "agents", "scraping"); err != nil {
				t.Fatal(err)
			}
		}
		for name, look := range map[string]func(context.Context, ...string) error{"claim": second.Claim, "check": second.Check} {
			err := look(ctx, "agents", "briefings")
			var taken *TakenError
			if !errors.As(err, &taken) || taken.Queue != "agents" || taken.Holder != "live" || taken.Name != "staging" {
				t.Errorf("%s: %v, want that agents is taken", name, err)
			}
		}
		if err := first.Claim(ctx, "briefings"); err != nil {
			t.Errorf("what the second has asked for beside it is claimed: %v", err)
		}
		const says = `queue "agents" of this database belongs to the deployment "live", and this one is "staging": redis.prefix does not separate queues; ` +
			`give this deployment another database in redis.url or other names under queues, set control.namespace to "live" if it is the same deployment, ` +
			`or, if that one is gone for good, DEL switchyard:deployment:queue:agents`
		if err := second.Claim(ctx, "agents"); err == nil || err.Error() != says {
			t.Errorf("error %v, want %s", err, says)
		}
		if ttl := client.PTTL(ctx, queueKey("agents")).Val(); ttl < 23*time.Hour || ttl > 24*time.Hour {
			t.Errorf("the claim holds for %s, want a day", ttl)
		}
	})
}

func TestOneDeploymentOfARedisServerObeysTheChannels(t *testing.T) {
	ctx, server := t.Context(), redistest.Server(t)
	open := func(db, name string, mode Mode) (*Channels, *observer.ObservedLogs) {
		core, logs := observer.New(zap.WarnLevel)
		c := NewChannels(redistest.Connect(t, "redis://"+server.Addr+"/"+db), name, mode, zap.New(core))
		t.Cleanup(func() {
			if err := c.Close(); err != nil {
				t.Error(err)
			}
		})
		return c, logs
	}
	ours := func(c *Channels) bool {
		t.Helper()
		is, err := c.Ours(ctx)
		if err != nil {
			t.Fatal(err)
		}
		return is
	}
	eager, _ := open("3", "eager", Auto)
	if is, err := eager.Ours(ctx); is || !errors.Is(err, ErrUnclaimed) {
		t.Errorf("another database than 0 does not wait for that: %v, %v", is, err)
	}
	live, liveLogs := open("0", "live", Auto)
	if !ours(live) || liveLogs.Len() > 0 {
		t.Errorf("the first does not obey, or warns: %v", liveLogs.All())
	}
	staging, logs := open("1", "staging", Auto)
	for range 3 {
		if ours(staging) || ours(eager) {
			t.Error("two obey")
		}
	}
	if logs.Len() != 1 || logs.All()[0].ContextMap()["obeyed_by"] != "live" || !strings.HasPrefix(logs.All()[0].Message, "another deployment obeys the control channels") {
		t.Errorf("it said %v, want once who obeys", logs.All())
	}
	told, logs := open("1", "told", Obey)
	if !ours(told) || logs.Len() != 1 {
		t.Errorf("one that is told to obey does not, or says %v", logs.All())
	}
	deaf, logs := open("0", "live", Ignore)
	if ours(deaf) || logs.Len() > 0 {
		t.Errorf("one that is told to ignore them obeys, or says %v", logs.All())
	}
}

func TestChannelsPassToAnotherDeploymentOnceTheirClaimIsGone(t *testing.T) {
	redistest.Run(t, func(t *testing.T, client redis.UniversalClient) {
		ctx := t.Context()
		live, staging := NewChannels(client, "live", Auto, zap.NewNop()), NewChannels(client, "staging", Auto, zap.NewNop())
		for c, want := range map[*Channels]bool{live: true} {
			if is, err := c.Ours(ctx); is != want || err != nil {
				t.Fatalf("%v, %v", is, err)
			}
		}
		if is, err := staging.Ours(ctx); is || err != nil {
			t.Fatalf("%v, %v", is, err)
		}
		client.Del(ctx, keys+"channels")
		if err := staging.ask(ctx); err != nil {
			t.Fatal(err)
		}
		if is, err := staging.Ours(ctx); !is || err != nil {
			t.Errorf("once the claim is gone: %v, %v", is, err)
		}
	})
}

func TestADeploymentIsNamedAfterItsPrefixAndDatabase(t *testing.T) {
	server := redistest.Server(t)
	if got := Name("switchyard:", redistest.Connect(t, "redis://"+server.Addr+"/7")); got != "switchyard/7" {
		t.Errorf("name %q", got)
	}
	if got := Name("", redis.NewClusterClient(&redis.ClusterOptions{Addrs: []string{server.Addr}})); got != "/0" {
		t.Errorf("name %q", got)
	}
}

func TestAQueueIsClaimedOnceRedisAnswers(t *testing.T) {
	server := redistest.Server(t)
	client, refused := redistest.Client(t, server.Addr), make(redistest.Refusals)
	client.AddHook(refused)
	q := NewQueues(client, "live", zap.NewNop())
	server.Stop()
	done := make(chan error, 1)
	go func() { done <- q.Claim(t.Context(), "agents") }()
	for range 3 {
		select {
		case err := <-done:
			t.Fatalf("with Redis away: %v, want it to wait", err)
		case <-refused:
		}
	}
	if err := server.Start(); err != nil {
		t.Fatal(err)
	}
	if err := <-done; err != nil {
		t.Errorf("once it is back: %v", err)
	}
}
