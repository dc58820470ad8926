package bench

import (
	"context"
	"sync"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"
	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// small are options with which a run takes seconds.
func small(client redis.UniversalClient, workloads ...string) Options {
	return Options{
		Redis: client, Workloads: workloads,
		Samples: 5, Idle: time.Second, Tasks: 200, Rounds: 1, Slots: []int{2}, Poll: time.Second,
		Progress: func(string, int, int) {},
	}
}

// keys returns every key there is.
func keys(t *testing.T, client redis.UniversalClient) []string {
	t.Helper()
	var all []string
	var mu sync.Mutex
	err := eachMaster(t.Context(), client, func(ctx context.Context, master *redis.Client) error {
		found, err := master.Keys(ctx, "*").Result()
		mu.Lock()
		defer mu.Unlock()
		all = append(all, found...)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return all
}
