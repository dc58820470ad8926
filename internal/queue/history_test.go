package queue

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/hibiken/asynq"
	"github.com/redis/go-redis/v9"

	"switchyard/internal/tasks"
	"switchyard/test/redistest"
)

// history returns the IDs of the tasks that asynq lists as an entry's, newest first.
func (r *rig) history(entry string) []string {
	r.T.Helper()
	events, err := asynq.NewInspectorFromRedisClient(r.Redis).ListSchedulerEnqueueEvents(entry, asynq.PageSize(5000))
	if err != nil {
		r.T.Fatal(err)
	}
	var ids []string
	for _, e := range events {
		if e.EnqueuedAt.Before(firstTick) || e.TaskID != entry+"@"+e.EnqueuedAt.UTC().Format("20060102T150405Z") {
			r.T.Errorf("task %s was added at %s, want the time of its tick", e.TaskID, e.EnqueuedAt)
		}
		ids = append(ids, e.TaskID)
	}
	return ids
}

// shown returns an entry as it is shown after its nth tick.
func shown(entry string, n int) PeriodicEntry {
	last := tickOf(entry, "agent_a", n)
	return PeriodicEntry{ID: entry, Spec: "@every 1s", Kind: "agent_a", Prev: last.At, PrevTask: last.ID, Next: last.At.Add(time.Second)}
}

func (r *rig) show(m *Mirror, entries ...PeriodicEntry) {
	r.T.Helper()
	if err := m.Show(r.T.Context(), entries); err != nil {
		r.T.Fatal(err)
	}
}

func (r *rig) wantHistory(entry string, want ...int) {
	r.T.Helper()
	var ids []string
	for _, n := range want {
		ids = append(ids, tickOf(entry, "", n).ID)
	}
	if got := r.history(entry); !slices.Equal(got, ids) {
		r.T.Errorf("history of %s is %v, want %v", entry, got, ids)
	}
}

func TestAsynqListsTheTicksOfEachEntryShown(t *testing.T) {
	redistest.Run(t, func(t *testing.T, client redis.UniversalClient) {
		r := newRig(t, client, nil, handlers{"agent_a": nothing})
		m, other := NewMirror(client), NewMirror(client)
		note := func(ticks ...tasks.Tick) {
			m.Note(ticks, r.client.EnqueueTicks(t.Context(), ticks, time.Now().Add(time.Hour)))
		}
		r.show(m, PeriodicEntry{ID: "new", Next: firstTick}, shown("e", 0))
		r.wantHistory("new")
		r.wantHistory("e", 0)
		r.show(m, shown("e", 0))
		r.show(other, shown("e", 0))
		r.wantHistory("e", 0)

		bad := tickOf("e", "agent_a", 9)
		bad.Queue = "nowhere"
		note(tickOf("e", "agent_a", 1), tickOf("e", "agent_a", 2), tickOf("hidden", "agent_a", 1), bad)
		note(tickOf("e", "agent_a", 2), tickOf("e", "agent_a", 3))
		r.show(m, shown("e", 3))
		r.wantHistory("e", 3, 2, 1, 0)
		r.wantHistory("hidden")
		r.show(other, shown("e", 3), shown("hidden", 1))
		r.wantHistory("e", 3, 2, 1, 0)
		r.wantHistory("hidden", 1)
		for _, entry := range []string{"e", "hidden"} {
			if ttl := client.TTL(t.Context(), historyKey(entry)).Val(); ttl <= 0 || ttl > historyTTL {
				t.Errorf("the history of %s is kept for %s, want at most %s", entry, ttl, historyTTL)
			}
		}
	})
}

func TestTheHistoryOfAnEntryIsBounded(t *testing.T) {
	redistest.Run(t, func(t *testing.T, client redis.UniversalClient) {
		r, m := newRig(t, client, nil, handlers{"agent_a": nothing}), NewMirror(client)
		for last := 0; last <= 2*maxNoted; last += maxNoted {
			r.show(m, shown("e", last))
			ticks := make([]tasks.Tick, maxNoted+100)
			for i := range ticks {
				ticks[i] = tickOf("e", "agent_a", last+1+i)
			}
			m.Note(ticks, make([]tasks.Added, len(ticks)))
		}
		if n := len(m.history.noted); n != maxNoted {
			t.Errorf("%d ticks are noted, want at most %d", n, maxNoted)
		}
		ids := r.history("e")
		if first, last := tickOf("e", "", 2*maxNoted).ID, tickOf("e", "", 2*maxNoted-historyKept+1).ID; len(ids) != historyKept || ids[0] != first || ids[historyKept-1] != last {
			t.Errorf("%d ticks are listed, want the newest %d, from %s to %s", len(ids), historyKept, first, last)
		}
	})
}

func TestWhatCouldNotBeToldIsToldLater(t *testing.T) {
	redistest.Run(t, func(t *testing.T, client redis.UniversalClient) {
		r, m := newRig(t, client, nil, handlers{"agent_a": nothing}), NewMirror(client)
		client.Set(t.Context(), historyKey("e"), "in the way", 0)
		if err := m.Show(t.Context(), []PeriodicEntry{shown("e", 0)}); fmt.Sprint(err) != "tell asynqmon of 1 entries' ticks: WRONGTYPE Operation against a key holding the wrong kind of value" {
			t.Errorf("the failure: %v", err)
		}
		client.Del(t.Context(), historyKey("e"))
		r.show(m, shown("e", 0))
		r.wantHistory("e", 0)
	})
}
