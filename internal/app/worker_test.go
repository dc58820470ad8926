package app

import (
	"fmt"
	"testing"

	"github.com/redis/go-redis/v9"
	"go.uber.org/zap"

	"switchyard/internal/config"
	"switchyard/test/redistest"
)

func TestAWorkerConsumesTheQueuesItIsGiven(t *testing.T) {
	c := config.Default()
	for list, want := range map[string]map[string]int{
		"":                      {"agents": 4, "briefings": 4, "scraping": 8, "default": 4},
		"agents=2":              {"agents": 2},
		"scraping=16,briefings": {"scraping": 16, "briefings": 4},
		"scraping, briefings=9": {"scraping": 8, "briefings": 9},
	} {
		queues, err := SelectQueues(c, list)
		if err != nil || len(queues) != len(want) {
			t.Errorf("%q: %v, %v", list, queues, err)
		}
		for name, n := range want {
			if queues[name].Concurrency != n {
				t.Errorf("%q: %s has concurrency %d, want %d", list, name, queues[name].Concurrency, n)
			}
		}
	}
	const known = ": use some of agents, briefings, default, scraping"
	for list, want := range map[string]string{
		"scraping = 1":  `--queues: unknown queue "scraping "` + known,
		"nowhere":       `--queues: unknown queue "nowhere"` + known,
		"agents=2,,":    `--queues: unknown queue ""` + known,
		"agents=0":      `--queues: concurrency "0" of agents: use 1 to 10000`,
		"agents=many":   `--queues: concurrency "many" of agents: use 1 to 10000`,
		"agents=100000": `--queues: concurrency "100000" of agents: use 1 to 10000`,
	} {
		if _, err := SelectQueues(c, list); fmt.Sprint(err) != want {
			t.Errorf("%q: error %v, want %s", list, err, want)
		}
	}
}

func TestAWorkerUsesNoMoreConnectionsThanItsSlotsNeed(t *testing.T) {
	for want, queues := range map[int]map[string]config.Queue{
		8:  {"scraping": {Concurrency: 20}},
		14: config.Default().Queues,
		24: {"agents": {Concurrency: 100}},
		11: {"a": {Concurrency: 1}, "b": {Concurrency: 1}, "c": {Concurrency: 1}, "d": {Concurrency: 2}},
	} {
		if got := connectionsOf(queues); got != want {
			t.Errorf("%v: %d connections, want %d", queues, got, want)
		}
	}
}

func TestTheWorkerDaemonOpensNoMoreConnectionsThanConfigured(t *testing.T) {
	for most, want := range map[int]int{100: 14, 5: 5} {
		c := config.Default()
		c.Redis.URL, c.Redis.PoolSize = "redis://"+redistest.Mini(t).Addr(), most
		w, err := openWorker(c, c.Queues, zap.NewNop())
		if err != nil {
			t.Fatal(err)
		}
		if got := w.system.Redis.(*redis.Client).Options().PoolSize; got != want {
			t.Errorf("redis.pool_size %d: %d connections, want %d", most, got, want)
		}
		if err := w.system.Close(); err != nil {
			t.Error(err)
		}
	}
}

// newWorker returns a worker of all queues of a system.
func newWorker(t testing.TB, s *System) *Worker {
	t.Helper()
	w, err := NewWorker(s, s.Config.Queues)
	if err != nil {
		t.Fatal(err)
	}
	return w
}
