package lane

import (
	"testing"

	"github.com/prometheus/client_golang/prometheus/testutil"
	"github.com/redis/go-redis/v9"

	"switchyard/internal/tasks"
	"switchyard/test/redistest"
)

func TestEverySeriesOfALaneIsThereBeforeItsFirstStep(t *testing.T) {
	redistest.Run(t, func(t *testing.T, client redis.UniversalClient) {
		r := newRig(t, client, nil, handlers{"agent_a": nothing, "scrape_a": nothing})
		r.lane(Options{Queue: "agents", Concurrency: 3, Priorities: map[string]int{"agents": 2, "urgent": 1}})
		const queues, kinds = 2, 3 // unknown is a kind, too
		for name, c := range map[string]struct{ got, want int }{
			"slots":    {testutil.CollectAndCount(r.metrics.slots), 1},
			"busy":     {testutil.CollectAndCount(r.metrics.busy), 1},
			"started":  {testutil.CollectAndCount(r.metrics.started), queues * kinds},
			"ended":    {testutil.CollectAndCount(r.metrics.ended), queues * kinds * len(tasks.Outcomes)},
			"duration": {testutil.CollectAndCount(r.metrics.duration), 1}, // agent_a belongs here
			"rescued":  {testutil.CollectAndCount(r.metrics.rescued), queues},
			"mended":   {testutil.CollectAndCount(r.metrics.odd), queues},
			"deleted":  {testutil.CollectAndCount(r.metrics.trimmed), queues},
		} {
			if c.got != c.want {
				t.Errorf("%s: %d series, want %d", name, c.got, c.want)
			}
		}
		if n := testutil.ToFloat64(r.metrics.slots.WithLabelValues("agents")); n != 3 {
			t.Errorf("%v slots, want 3", n)
		}
	})
}

func TestASlotThatASiblingUsesIsTheLanes(t *testing.T) {
	redistest.Run(t, func(t *testing.T, client redis.UniversalClient) {
		r := newRig(t, client, nil, handlers{"agent_a": nothing})
		l := r.lane(Options{Queue: "agents", Concurrency: 1, Priorities: map[string]int{"agents": 1, "scraping": 1}})
		for _, s := range l.sources {
			s.kind("agent_a").begin()
		}
		if n := testutil.ToFloat64(r.metrics.busy.WithLabelValues("agents")); n != 2 {
			t.Errorf("%v slots of agents are busy, want those of both queues", n)
		}
	})
}
