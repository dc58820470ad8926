package bench

import (
	"slices"
	"strings"
	"testing"

	"github.com/hibiken/asynq"
	"github.com/redis/go-redis/v9"

	"switchyard/test/redistest"
)

func TestOnlyWhatTheBenchWroteIsRemoved(t *testing.T) {
	before := map[string]bool{"asynq:{scraping}:processed": true, "switchyard-bench:old": true}
	for name, test := range map[string]struct{ keys, remove, shared []string }{
		"its own queues entirely": {
			keys:   []string{"asynq:{bench}:pending", "asynq:{bench}:t:any", "asynq:{bench-asynq-agents}:t:any", "switchyard:{bench}:wake"},
			remove: []string{"asynq:{bench}:pending", "asynq:{bench}:t:any", "asynq:{bench-asynq-agents}:t:any", "switchyard:{bench}:wake"},
		},
		"a real queue if all tasks are its own": {
			keys:   []string{"asynq:{scraping}:t:bench-page-1", "asynq:{scraping}:completed", "asynq:{scraping}:processed"},
			remove: []string{"asynq:{scraping}:t:bench-page-1", "asynq:{scraping}:completed"},
		},
		"nothing of a real queue with another's task": {
			keys:   []string{"asynq:{scraping}:pending", "asynq:{scraping}:t:bench-page-1", "asynq:{scraping}:t:theirs", "asynq:{agents}:completed"},
			remove: []string{"asynq:{agents}:completed"},
			shared: []string{"scraping"},
		},
		"its prefix": {
			keys:   []string{"switchyard-bench:doc:1", "switchyard-bench:old"},
			remove: []string{"switchyard-bench:doc:1"},
		},
	} {
		remove, shared := removable(test.keys, before)
		if !slices.Equal(remove, test.remove) || !slices.Equal(shared, test.shared) {
			t.Errorf("%s: removes %v and leaves %v alone, want %v and %v", name, remove, shared, test.remove, test.shared)
		}
	}
}

func TestATaskThatOthersAddMeanwhileStays(t *testing.T) {
	redistest.Run(t, func(t *testing.T, client redis.UniversalClient) {
		f, err := newFootprint(t.Context(), client, []string{"scraping", oursQueue})
		if err != nil {
			t.Fatal(err)
		}
		foreign := asynq.NewClientFromRedisClient(client)
		for queue, id := range map[string]string{"scraping": "theirs", oursQueue: "ours"} {
			if _, err := foreign.Enqueue(asynq.NewTask("a", nil), asynq.Queue(queue), asynq.TaskID(id)); err != nil {
				t.Fatal(err)
			}
		}
		if err := f.remove(t.Context()); err == nil || !strings.Contains(err.Error(), "added tasks to scraping") {
			t.Errorf("error %v, want one that names the queue", err)
		}
		inspector := asynq.NewInspectorFromRedisClient(client)
		if _, err := inspector.GetTaskInfo("scraping", "theirs"); err != nil {
			t.Errorf("their task: %v", err)
		}
		if queues, err := inspector.Queues(); err != nil || !slices.Equal(queues, []string{"scraping"}) {
			t.Errorf("queues %v (%v), want scraping alone", queues, err)
		}
	})
}
