package app

import (
	"strings"
	"testing"

	"switchyard/internal/config"
)

func TestAWorkerConsumesTheQueuesItIsGiven(t *testing.T) {
	c := config.Default()
	for list, want := range map[string]map[string]int{
		"":                      {"agents": 4, "briefings": 4, "scraping": 8, "default": 4},
		"agents=2":              {"agents": 2},
		"scraping=16,briefings": {"scraping": 16, "briefings": 4},
		" scraping = 1":         nil,
		"scraping, briefings=9": {"scraping": 8, "briefings": 9},
		"nowhere":               nil,
		"agents=0":              nil,
		"agents=many":           nil,
		"agents=2,,":            nil,
		"agents=100000":         nil,
	} {
		queues, err := SelectQueues(c, list)
		if want == nil {
			if err == nil || !strings.Contains(err.Error(), "--queues: ") || !strings.Contains(err.Error(), "use ") {
				t.Errorf("%q: error %v", list, err)
			}
			continue
		}
		if err != nil || len(queues) != len(want) {
			t.Errorf("%q: %v, %v", list, queues, err)
		}
		for name, n := range want {
			if queues[name].Concurrency != n {
				t.Errorf("%q: %s has concurrency %d, want %d", list, name, queues[name].Concurrency, n)
			}
		}
	}
}

// newWorker returns a worker of all queues of a system.
func newWorker(t *testing.T, s *System) *Worker {
	t.Helper()
	w, err := NewWorker(s, s.Config.Queues)
	if err != nil {
		t.Fatal(err)
	}
	return w
}
