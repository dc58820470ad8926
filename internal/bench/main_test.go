package bench

import (
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
	all, err := client.Keys(t.Context(), "*").Result()
	if err != nil {
		t.Fatal(err)
	}
	return all
}
