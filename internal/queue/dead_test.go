package queue

import (
	"slices"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"switchyard/internal/queue/format"
	"switchyard/test/redistest"
)

func TestWhatDiedSinceATimeIsCountedOfEachQueue(t *testing.T) {
	redistest.Run(t, func(t *testing.T, client redis.UniversalClient) {
		r := newRig(t, client, nil, handlers{"agent_a": nothing})
		now := time.Now()
		for id, ago := range map[string]time.Duration{"a": 0, "b": time.Hour, "c": time.Hour + time.Second} {
			client.ZAdd(t.Context(), format.Key("agents", "archived"), redis.Z{Score: float64(now.Add(-ago).Unix()), Member: id})
		}
		client.Set(t.Context(), format.Key("default", "archived"), "a text", 0)
		got, err := r.client.DeadSince(t.Context(), []string{"agents", "default", "scraping"}, now.Add(-time.Hour))
		if err != nil || !slices.Equal(got, []int{2, 0, 0}) {
			t.Errorf("%v, %v; want two of agents", got, err)
		}
		if got, err := r.client.DeadSince(t.Context(), nil, now); err != nil || len(got) != 0 {
			t.Errorf("of no queue: %v, %v", got, err)
		}
	})
}
