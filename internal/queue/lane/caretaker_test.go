package lane

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/testutil"
	"github.com/redis/go-redis/v9"

	"switchyard/internal/queue/format"
	"switchyard/internal/tasks"
	"switchyard/test/redistest"
)

// caretaker returns one of the queue agents that believes to have reached Redis for long.
func (r *rig) caretaker(perUser int) (*Caretaker, *cared) {
	c := NewCaretaker(r.Redis, map[string]int{"agents": perUser}, prometheus.NewRegistry(), r.Log)
	c.queues[0].health.steady = time.Time{}
	return c, c.queues[0]
}

func TestWithoutAWorkerWhatIsDueOrLostIsMadeReadyWithinSeconds(t *testing.T) {
	redistest.Together(t, func(t *testing.T, client redis.UniversalClient) {
		r := newRig(t, client, nil, handlers{"agent_a": nothing})
		c, agents := r.caretaker(0)
		r.Enqueue(note{As: "agent_a"}, tasks.Options{ID: "lost"})
		r.loseWorker("lost", lostAfter+time.Second)
		at := time.Now().Add(time.Second)
		for _, id := range []string{"due", "failed"} {
			r.Enqueue(note{As: "agent_a"}, tasks.Options{ID: id, At: at})
		}
		client.ZRem(t.Context(), format.Key("agents", "scheduled"), "failed")
		client.ZAdd(t.Context(), format.Key("agents", "retry"), redis.Z{Score: float64(at.Unix()), Member: "failed"})
		client.HSet(t.Context(), format.TaskKey("agents", "failed"), "state", "retry")
		client.Del(t.Context(), format.WakeKey("agents"))
		r.Start(func(ctx, _ context.Context) { c.Run(ctx) })
		for _, id := range []string{"lost", "due", "failed"} {
			r.Await("agents", id, inState(tasks.StateWaiting))
		}
		if late := time.Since(at); late > 10*time.Second {
			t.Errorf("ready %s after they were due", late)
		}
		r.AwaitLog("task rescued: its worker has not renewed the lease", "id", "lost") // counted by then
		if n := testutil.ToFloat64(agents.mends.rescued.WithLabelValues("agents")); n != 1 {
			t.Errorf("%v tasks rescued, want 1", n)
		}
		if n := client.LLen(t.Context(), format.WakeKey("agents")).Val(); n != 3 {
			t.Errorf("%d workers are woken, want 3", n)
		}
	})
}

func TestWithoutAWorkerEveryUserInLineHasTheirTurns(t *testing.T) {
	redistest.Run(t, func(t *testing.T, client redis.UniversalClient) {
		r := newRig(t, client, nil, handlers{"agent_a": nothing})
		const users = 700 // more than one look passes by
		_, err := client.Pipelined(t.Context(), func(p redis.Pipeliner) error {
			for i := range users {
				line := fmt.Sprintf("user:%d", i)
				p.SAdd(t.Context(), format.Key("agents", "groups"), line)
				for _, place := range []string{"a", "b", "c"} {
					p.ZAdd(t.Context(), format.Key("agents", "g:"+line), redis.Z{Score: 1, Member: line + place})
					p.HSet(t.Context(), format.TaskKey("agents", line+place), "state", "aggregating", "group", line)
				}
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
		_, agents := r.caretaker(2)
		for range 2 {
			agents.care(t.Context())
			if n := client.LLen(t.Context(), format.Key("agents", "pending")).Val(); n != 2*users {
				t.Errorf("%d have turns, want two of each user, %d", n, 2*users)
			}
		}
	})
}

func TestATaskThatAWorkerRunsIsNoMatterForACaretaker(t *testing.T) {
	redistest.Run(t, func(t *testing.T, client redis.UniversalClient) {
		r := newRig(t, client, nil, handlers{"agent_a": nothing})
		_, agents := r.caretaker(1)
		r.Enqueue(note{As: "agent_a"}, tasks.Options{ID: "runs"})
		r.loseWorker("runs", lostAfter-3*time.Second)
		r.Enqueue(note{As: "agent_a"}, tasks.Options{ID: "later", At: time.Now().Add(time.Hour)})
		agents.care(t.Context())
		for id, want := range map[string]tasks.State{"runs": tasks.StateRunning, "later": tasks.StateScheduled} {
			if s, found, err := r.client.Status(t.Context(), "agents", id); err != nil || !found || s.State != want {
				t.Errorf("%s is %s, %v; want %s", id, s.State, err, want)
			}
		}
	})
}

func TestACaretakerSaysWhichQueueItCannotLookAfter(t *testing.T) {
	server := redistest.Server(t)
	r := newRig(t, redistest.Client(t, server.Addr), nil, handlers{"agent_a": nothing})
	c, agents := r.caretaker(0)
	agents.care(t.Context())
	if err := c.Check(t.Context()); err != nil {
		t.Error(err)
	}
	server.Stop()
	agents.care(t.Context())
	if err := c.Check(t.Context()); err == nil || r.Logs.FilterMessage("redis lost: the queue is not looked after until it is back").Len() != 1 {
		t.Errorf("says %v, logs %v", err, r.Logs.All())
	}
}
