package queue

import (
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"switchyard/internal/queue/format"
	"switchyard/internal/tasks"
	"switchyard/test/redistest"
)

func TestAStateIsSaidInOurWords(t *testing.T) {
	now := time.Unix(1_800_000_000, 0)
	soon, late := now.Add(time.Hour), now.Add(noRetryAfter+time.Hour)
	for want, all := range map[tasks.State][]stored{
		"":                   {{}, {parked: true, ending: "cancelled"}},
		tasks.StateWaiting:   {{word: "pending"}, {word: "pending", parked: true, ending: "expired"}},
		tasks.StateScheduled: {{word: "scheduled", due: late}},
		tasks.StateHeld:      {{word: "aggregating"}},
		tasks.StateRunning:   {{word: "active"}},
		tasks.StateRetrying:  {{word: "retry", due: soon}, {word: "retry"}},
		tasks.StateParked:    {{word: "retry", parked: true, due: soon}, {word: "retry", due: late}},
		tasks.StateSucceeded: {{word: "completed", ending: "cancelled"}},
		tasks.StateFailed:    {{word: "archived"}, {word: "archived", ending: "succeeded"}, {word: "archived", ending: "?"}},
		tasks.StateCancelled: {{word: "archived", ending: "cancelled"}},
		tasks.StateExpired:   {{word: "archived", ending: "expired"}},
		tasks.StateBroken:    {{word: "PENDING"}, {word: "waiting"}},
	} {
		for _, s := range all {
			if got := s.state(now); got != want {
				t.Errorf("%+v is %q, want %q", s, got, want)
			}
		}
	}
}

func TestWhatIsNoTaskIsSaidToBeBrokenAndHidesNoOther(t *testing.T) {
	redistest.Run(t, func(t *testing.T, client redis.UniversalClient) {
		r := newRig(t, client, nil, handlers{"agent_a": nothing})
		r.Enqueue(note{As: "agent_a"}, tasks.Options{ID: "good"})
		ctx := t.Context()
		for _, err := range []error{
			client.Set(ctx, format.TaskKey("agents", "string"), "x", 0).Err(),
			client.HSet(ctx, format.TaskKey("agents", "message"), "state", "pending", "msg", "\xff\xff", "result", "not JSON").Err(),
			client.HSet(ctx, format.TaskKey("agents", "none"), "state", "archived", "losses", "many").Err(),
			client.HSet(ctx, format.TaskKey("agents", "state"), "state", "odd", "msg", "").Err(),
		} {
			if err != nil {
				t.Fatal(err)
			}
		}
		for id, want := range map[string]string{
			"string": "its key is no hash, or says no state that there is", "state": "its key is no hash, or says no state that there is",
			"message": "not a task message: unexpected EOF", "none": "its message is gone", "good": "",
		} {
			s, found, err := r.client.Status(ctx, "agents", id)
			if err != nil || !found || s.Broken != want || (s.State == tasks.StateBroken) != (want != "") {
				t.Errorf("%s: %+v, found %v, error %v; want it broken: %q", id, s, found, err, want)
			}
		}
		states, err := r.client.States(ctx, []tasks.Receipt{{ID: "string", Queue: "agents"}, {ID: "good", Queue: "agents"}})
		if err != nil || len(states) != 2 || states[0] != tasks.StateBroken || states[1] != tasks.StateWaiting {
			t.Errorf("states %v, %v", states, err)
		}
		if s, _, _ := r.client.Status(ctx, "agents", "message"); string(s.Result) != `"not JSON"` {
			t.Errorf("the result is %s, want it as a string", s.Result)
		}
	})
}
