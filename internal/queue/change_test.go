package queue

import (
	"errors"
	"slices"
	"strconv"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"switchyard/internal/queue/format"
	"switchyard/internal/queue/lane"
	"switchyard/internal/routing"
	"switchyard/internal/tasks"
	"switchyard/test/redistest"
)

func (r *rig) change(id string, change tasks.Change, meant func(tasks.Status) bool) (tasks.Handled, error) {
	r.T.Helper()
	return r.client.Change(r.T.Context(), named(id)[0], change, meant)
}

func TestATaskThatWaitsRunsAtItsNewTimeWhateverItWaitsFor(t *testing.T) {
	redistest.Run(t, func(t *testing.T, client redis.UniversalClient) {
		r := newRig(t, client, nil, handlers{"agent_a": nothing})
		r.everyState()
		at := time.Now().Add(3 * time.Hour).Truncate(time.Millisecond)
		for id, want := range map[string]string{"waiting": "scheduled", "scheduled": "scheduled", "held": "scheduled", "retrying": "retry", "parked": "retry"} {
			h, err := r.change(id, tasks.Change{At: at, Deadline: at.Add(time.Hour)}, nil)
			if err != nil || h.Err != nil || string(h.Was) != id || h.For != "ada" {
				t.Fatalf("%s: %+v, %v", id, h, err)
			}
			s, _, err := r.client.Status(t.Context(), "agents", id)
			if err != nil || s.State != h.Now || s.NextRun.Unix() != at.Unix() || s.Deadline.Unix() != at.Add(time.Hour).Unix() {
				t.Errorf("%s is %+v, %v; said to be %s", id, s, err, h.Now)
			}
			if where := r.places(id); !slices.Equal(where, []string{want}) {
				t.Errorf("%s stands in %v, want %s alone", id, where, want)
			}
			kept := client.HMGet(t.Context(), format.TaskKey("agents", id), "due_ms", "pending_since", "group").Val()
			if !slices.Equal(kept, []any{strconv.FormatInt(at.UnixMilli(), 10), nil, nil}) {
				t.Errorf("%s keeps %v", id, kept)
			}
			lock := client.HGet(t.Context(), format.TaskKey("agents", id), "unique_key").Val()
			if left := client.TTL(t.Context(), lock).Val(); left < 3*time.Hour {
				t.Errorf("%s holds its lock for %s, and waits for longer", id, left)
			}
		}
		for _, id := range []string{"running", "succeeded", "failed", "cancelled", "expired"} {
			if h, err := r.change(id, tasks.Change{At: at}, nil); err != nil || said(h) != "task agents/"+id+" is "+id+": only one that waits is changed" {
				t.Errorf("%s: %+v, %v", id, h, err)
			}
		}
	})
}

func TestATaskWhoseNewTimeIsNowRunsNow(t *testing.T) {
	redistest.Run(t, func(t *testing.T, client redis.UniversalClient) {
		r := newRig(t, client, nil, handlers{"agent_a": nothing})
		r.everyState()
		for _, id := range []string{"scheduled", "held", "retrying", "parked"} {
			if h, err := r.change(id, tasks.Change{At: time.Now()}, nil); err != nil || h.Err != nil || h.Now != tasks.StateWaiting {
				t.Errorf("%s: %+v, %v", id, h, err)
			}
		}
		client.LRem(t.Context(), format.Key("agents", "active"), 0, "running")
		r.start(lane.Options{Queue: routing.Agents, Concurrency: 1})
		for _, id := range []string{"scheduled", "held", "retrying", "parked"} {
			r.Await("agents", id, inState(tasks.StateSucceeded))
		}
	})
}

func TestATaskThatIsPutOffAndDueEarlierThanOthersIsNotWaitedForLonger(t *testing.T) {
	redistest.Run(t, func(t *testing.T, client redis.UniversalClient) {
		r := newRig(t, client, nil, handlers{"agent_a": nothing})
		r.Enqueue(note{As: "agent_a"}, tasks.Options{ID: "later", At: time.Now().Add(time.Hour)})
		r.start(lane.Options{Queue: routing.Agents, Concurrency: 1, Poll: time.Hour})
		if _, err := r.change("later", tasks.Change{At: time.Now().Add(300 * time.Millisecond)}, nil); err != nil {
			t.Fatal(err)
		}
		r.Await("agents", "later", inState(tasks.StateSucceeded))
	})
}

func TestAChangeOfATaskThatHasChangedIsRefused(t *testing.T) {
	redistest.Run(t, func(t *testing.T, client redis.UniversalClient) {
		r := newRig(t, client, nil, handlers{"agent_a": nothing})
		r.put("retrying", "retry")
		at := time.Now().Add(time.Hour)
		if _, err := r.change("retrying", tasks.Change{At: at}, func(tasks.Status) bool { return false }); !errors.Is(err, ErrChanged) {
			t.Errorf("not the one that is meant: %v, want ErrChanged", err)
		}
		// It moves between the look and the change, each time.
		looks := 0
		moves := func(s tasks.Status) bool {
			looks++
			client.HSet(t.Context(), format.TaskKey("agents", "retrying"), "due_ms", looks)
			return looks < 2
		}
		if _, err := r.change("retrying", tasks.Change{At: at}, moves); !errors.Is(err, ErrChanged) || looks != 2 {
			t.Errorf("after %d looks: %v, want ErrChanged after 2", looks, err)
		}
		if s, _, _ := r.client.Status(t.Context(), "agents", "retrying"); s.NextRun.Unix() == at.Unix() && client.HGet(t.Context(), format.TaskKey("agents", "retrying"), "due_ms").Val() != "2" {
			t.Error("it is changed all the same")
		}
	})
}

func TestAChangeAfterWhichATaskCouldNeverRunIsRefused(t *testing.T) {
	redistest.Run(t, func(t *testing.T, client redis.UniversalClient) {
		r := newRig(t, client, nil, handlers{"agent_a": nothing})
		now := time.Now()
		r.Enqueue(note{As: "agent_a"}, tasks.Options{ID: "x", At: now.Add(time.Hour), Deadline: now.Add(2 * time.Hour)})
		for name, change := range map[string]tasks.Change{
			"the past": {At: now.Add(-time.Hour)}, "behind its deadline": {At: now.Add(3 * time.Hour)}, "before its time": {Deadline: now.Add(time.Minute)},
		} {
			if h, err := r.change("x", change, nil); err == nil {
				t.Errorf("%s: %+v", name, h)
			}
		}
		if s, _, _ := r.client.Status(t.Context(), "agents", "x"); s.NextRun.Unix() != now.Add(time.Hour).Unix() || s.Deadline.Unix() != now.Add(2*time.Hour).Unix() {
			t.Errorf("it is %+v", s)
		}
	})
}

func TestADeadlineByHandTakesThePlaceOfTheTimeByWhichATickMustBegin(t *testing.T) {
	redistest.Run(t, func(t *testing.T, client redis.UniversalClient) {
		r := newRig(t, client, nil, handlers{"agent_a": nothing})
		tick := tasks.Tick{Entry: "e", At: time.Now(), Kind: "agent_a", ID: "x", Payload: []byte(`{"text":"a"}`), Expires: time.Now().Add(-time.Minute)}
		if added := r.client.EnqueueTicks(t.Context(), []tasks.Tick{tick}, time.Time{}); added[0].Err != nil {
			t.Fatal(added[0].Err)
		}
		if h, err := r.change("x", tasks.Change{Deadline: time.Now().Add(time.Hour)}, nil); err != nil || h.Err != nil {
			t.Fatal(h, err)
		}
		r.start(lane.Options{Queue: routing.Agents, Concurrency: 1})
		r.Await("agents", "x", inState(tasks.StateSucceeded))
	})
}
