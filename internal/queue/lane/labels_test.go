package lane

import (
	"fmt"
	"strconv"
	"testing"
	"time"

	"github.com/hibiken/asynq"
	"github.com/redis/go-redis/v9"

	"switchyard/internal/queue/format"
	"switchyard/internal/tasks"
	"switchyard/test/redistest"
)

// cleaned has a janitor do a whole round: another one if an answer did not come in time, as from a miniredis on a slow
// machine.
func (r *rig) cleaned() {
	r.T.Helper()
	for range 10 {
		l := r.lane(Options{Queue: "agents", Concurrency: 1})
		j := l.sources[0].janitor
		for j.clean(r.T.Context()) {
		}
		for j.unlabel(r.T.Context()) {
		}
		if !l.health.lost.Load() {
			return
		}
	}
	r.T.Fatal("no round of the janitor came to its end")
}

// found returns the IDs of the tasks that a filter means.
func (r *rig) found(f tasks.Filter) string {
	r.T.Helper()
	names, _, err := r.client.Match(r.T.Context(), f)
	if err != nil {
		r.T.Fatal(err)
	}
	ids := ""
	for _, n := range names {
		ids += n.ID + " "
	}
	return ids
}

func TestAForeignClientsTaskIsFoundByItsLabels(t *testing.T) {
	redistest.Run(t, func(t *testing.T, client redis.UniversalClient) {
		r := newRig(t, client, nil, handlers{"agent_a": nothing})
		for id, task := range map[string]*asynq.Task{
			"f1":  asynq.NewTask("agent_a", []byte(`{"user":"ada"}`)),
			"f2":  asynq.NewTaskWithHeaders("agent_a", []byte(`{"user":"eve"}`), map[string]string{format.TagsHeader: "x,y"}),
			"odd": asynq.NewTask("no\nkind", nil),
		} {
			if _, err := r.Foreign.Enqueue(task, asynq.Queue("agents"), asynq.TaskID(id), asynq.ProcessIn(time.Hour)); err != nil {
				t.Fatal(err)
			}
		}
		r.cleaned()
		for f, want := range map[*tasks.Filter]string{{User: "ada"}: "f1 ", {Tag: "y"}: "f2 ", {Kind: "agent_*", User: "eve"}: "f2 "} {
			if got := r.found(*f); got != want {
				t.Errorf("%+v: %q, want %q", *f, got, want)
			}
		}
		if n := client.ZCard(t.Context(), format.ByKind("agents", "agent_a")).Val(); n != 2 {
			t.Errorf("the index has %d of two tasks", n)
		}
	})
}

func TestTheIndexForgetsWhatAsynqmonDeletes(t *testing.T) {
	redistest.Run(t, func(t *testing.T, client redis.UniversalClient) {
		r := newRig(t, client, nil, handlers{"agent_a": nothing})
		at := time.Now().Add(time.Hour)
		for _, id := range []string{"gone", "other", "left"} {
			r.Enqueue(note{As: "agent_a", User: "ada"}, tasks.Options{ID: id, At: at, Tags: []string{"x"}})
		}
		for _, id := range []string{"gone", "other"} {
			if err := r.inspector().DeleteTask("agents", id); err != nil {
				t.Fatal(err)
			}
		}
		r.Enqueue(note{As: "agent_a", User: "eve"}, tasks.Options{ID: "other", At: at})
		r.cleaned()
		for key, want := range map[string]int64{
			format.ByKind("agents", "agent_a"): 2, format.ByUser("agents", "ada"): 1, format.ByUser("agents", "eve"): 1, format.ByTag("agents", "x"): 1,
		} {
			if n := client.ZCard(t.Context(), key).Val(); n != want {
				t.Errorf("%s has %d members, want %d", key, n, want)
			}
		}
		if got := r.found(tasks.Filter{User: "eve"}) + r.found(tasks.Filter{User: "ada"}); got != "other left " {
			t.Errorf("found %q", got)
		}
	})
}

func TestARoundOfTheJanitorLeavesNothingThatIsPastItsRetention(t *testing.T) {
	redistest.Run(t, func(t *testing.T, client redis.UniversalClient) {
		r := newRig(t, client, nil, handlers{"agent_a": nothing})
		const n = 2*janitorLooks + 5
		m := &format.Message{Kind: "agent_a", Queue: "agents"}
		_, err := client.Pipelined(t.Context(), func(p redis.Pipeliner) error {
			for i := range n {
				m.ID = strconv.Itoa(i)
				p.HSet(t.Context(), format.TaskKey("agents", m.ID), "msg", m.Encode(), "state", "completed", format.IndexField, "1\nagent_a\nada\n")
				p.ZAdd(t.Context(), format.Key("agents", "completed"), redis.Z{Score: 1, Member: m.ID})
				p.ZAdd(t.Context(), format.ByUser("agents", "ada"), redis.Z{Score: 1, Member: m.ID})
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
		r.cleaned()
		got := fmt.Sprint(client.ZCard(t.Context(), format.Key("agents", "completed")).Val(), client.ZCard(t.Context(), format.ByUser("agents", "ada")).Val(), client.Exists(t.Context(), format.TaskKey("agents", "7")).Val())
		if got != "0 0 0" {
			t.Errorf("completed, indexed and kept: %s, want 0 0 0", got)
		}
	})
}

func TestAKeyOfTheIndexThatIsNoneStopsNothing(t *testing.T) {
	redistest.Run(t, func(t *testing.T, client redis.UniversalClient) {
		r := newRig(t, client, nil, handlers{"agent_a": nothing})
		client.Set(t.Context(), format.ByKind("agents", "agent_a"), "none", 0)
		client.SAdd(t.Context(), format.ByUser("agents", "ada"), "none")
		client.Set(t.Context(), format.KindsKey("agents"), "none", 0)
		r.Enqueue(note{As: "agent_a", User: "ada"}, tasks.Options{ID: "x", Retention: time.Hour})
		r.start(Options{Queue: "agents", Concurrency: 1})
		r.Await("agents", "x", inState(tasks.StateSucceeded))
		r.cleaned()
		if got := r.found(tasks.Filter{States: []tasks.State{tasks.StateSucceeded}}); got != "x " {
			t.Errorf("found %q", got)
		}
	})
}
