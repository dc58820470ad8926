package queue

import (
	"testing"
	"time"

	"github.com/hibiken/asynq"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/redis/go-redis/v9"

	"switchyard/internal/queue/format"
	"switchyard/internal/redistest"
	"switchyard/internal/tasks"
)

func TestAQueueWhoseCountersAreNoneIsCountedAllTheSame(t *testing.T) {
	redistest.Run(t, func(t *testing.T, client redis.UniversalClient) {
		r := newRig(t, client, nil, handlers{"agent_a": nothing})
		r.Enqueue(note{As: "agent_a"}, tasks.Options{})
		r.Enqueue(note{As: "agent_a"}, tasks.Options{At: time.Now().Add(time.Hour)})
		if _, err := r.Foreign.Enqueue(asynq.NewTask("agent_a", nil), asynq.Queue("agents"), asynq.Group("g")); err != nil {
			t.Fatal(err)
		}
		day := time.Now().UTC().Format(time.DateOnly)
		client.Set(t.Context(), format.Key("agents", "processed:"+day), "abc", 0)
		client.Set(t.Context(), format.Key("agents", "completed"), "a text", 0)
		sizes, err := r.client.Sizes(t.Context())
		if want := (Size{Queue: "agents", Waiting: 1, Scheduled: 1, Held: 1}); err != nil || len(sizes) != 1 || sizes[0].Oldest <= 0 || sizes[0].Oldest > time.Minute {
			t.Errorf("sizes %+v, %v", sizes, err)
		} else if sizes[0].Oldest = 0; sizes[0] != want {
			t.Errorf("size %+v, want %+v", sizes[0], want)
		}
		reg := prometheus.NewRegistry()
		reg.MustRegister(NewBacklog(client))
		if families, err := reg.Gather(); err != nil || len(families) != 2 {
			t.Errorf("%d metrics, %v", len(families), err)
		}
	})
}
