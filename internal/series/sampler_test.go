package series

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"
	"go.uber.org/zap"

	"switchyard/internal/queue"
	"switchyard/test/redistest"
)

// full are queues of the same size, and how often each was asked for.
type full struct {
	mu    sync.Mutex
	asked map[string]int
}

func (f *full) Names(context.Context) ([]string, error) { return []string{"agents", "foreign"}, nil }

func (f *full) Size(_ context.Context, name string) (queue.Size, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.asked[name]++
	if name == "broken" {
		return queue.Size{}, errors.New("it cannot be read")
	}
	return queue.Size{Waiting: 5, Running: 4, Scheduled: 3, Retrying: 2, Failed: 1, Oldest: 90 * time.Second}, nil
}

func TestTwoSchedulersSampleAMinuteOnce(t *testing.T) {
	redistest.Run(t, func(t *testing.T, client redis.UniversalClient) {
		store, sizes := NewStore(client, "switchyard:"), &full{asked: map[string]int{}}
		before := client.Time(t.Context()).Val()
		for range 2 {
			wait, err := NewSampler(store, sizes, []string{"agents", "broken"}, zap.NewNop()).look(t.Context())
			if err == nil || err.Error() != "it cannot be read" || wait <= 0 || wait > time.Minute+spread {
				t.Fatalf("%s, %v", wait, err)
			}
		}
		now := client.Time(t.Context()).Val()
		if before.Minute() == now.Minute() && fmt.Sprint(sizes.asked) != "map[agents:1 broken:2 foreign:1]" {
			t.Errorf("asked %v, want each that could be read once", sizes.asked)
		}
		all, err := store.Read(t.Context(), []string{"agents", "broken", "foreign"}, now.Add(-2*time.Minute), now.Add(time.Minute), 3*time.Minute)
		if err != nil {
			t.Fatal(err)
		}
		for i, want := range []*Depth{{5, 4, 3, 2, 1, 90 * time.Second}, nil, {5, 4, 3, 2, 1, 90 * time.Second}} {
			if got := all.Queues[i].Points[0].Depth; (got == nil) != (want == nil) || got != nil && *got != *want {
				t.Errorf("%s: %+v, want %+v", all.Queues[i].Queue, got, want)
			}
		}
		if got := all.Total[0].Depth; got == nil || *got != (Depth{10, 8, 6, 4, 2, 90 * time.Second}) {
			t.Errorf("in total %+v, want the sum and the older one", got)
		}
	})
}

func TestASampleOfAMinuteIsNotReplaced(t *testing.T) {
	redistest.Run(t, func(t *testing.T, client redis.UniversalClient) {
		store := NewStore(client, "switchyard:")
		minute, _, err := store.minute(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		for waiting := range int64(2) {
			if err := store.keep(t.Context(), "agents", minute, sample{waiting + 1}); err != nil {
				t.Fatal(err)
			}
		}
		all, err := store.Read(t.Context(), []string{"agents"}, time.Unix(minute*60, 0), time.Unix(minute*60+60, 0), time.Minute)
		if err != nil || all.Total[0].Depth == nil || all.Total[0].Depth.Waiting != 1 {
			t.Errorf("%+v, %v; want the first", all.Total, err)
		}
	})
}

func TestAKeyOfAnotherTypeIsNoReasonToAskForASize(t *testing.T) {
	redistest.Run(t, func(t *testing.T, client redis.UniversalClient) {
		store, sizes := NewStore(client, "switchyard:"), &full{asked: map[string]int{}}
		now := client.Time(t.Context()).Val()
		for _, hour := range []int64{now.Unix() / 3600, now.Unix()/3600 + 1} {
			client.Set(t.Context(), store.key("agents", hour), "x", 0)
		}
		if _, err := NewSampler(store, sizes, []string{"agents"}, zap.NewNop()).look(t.Context()); err != nil || sizes.asked["agents"] != 0 || sizes.asked["foreign"] != 1 {
			t.Errorf("asked %v, %v", sizes.asked, err)
		}
	})
}

func TestASamplerEndsWithItsContextWhileRedisIsAway(t *testing.T) {
	server := redistest.Server(t)
	store := NewStore(redistest.Client(t, server.Addr), "switchyard:")
	server.Stop()
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan struct{})
	go func() {
		NewSampler(store, &full{asked: map[string]int{}}, nil, zap.NewNop()).Run(ctx)
		close(ended)
	}()
	cancel()
	select {
	case <-ended:
	case <-time.After(time.Minute):
		t.Fatal("it does not end")
	}
}
