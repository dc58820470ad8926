package lane

import (
	"context"
	"encoding/json"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"switchyard/internal/queue/format"
	"switchyard/internal/routing"
	"switchyard/internal/tasks"
	"switchyard/test/redistest"
)

var all = []tasks.Hook{{URL: "https://app.example/hook"}}

// told returns the notices in the agents' queue as task state url, sorted.
func (r *rig) told() (said []string, notices []tasks.Notice) {
	r.T.Helper()
	page, err := r.client.List(r.T.Context(), tasks.Filter{Queue: "agents", Kind: tasks.WebhookDeliver}, 100, "")
	if err != nil {
		r.T.Fatal(err)
	}
	for _, s := range page.Tasks {
		n, err := tasks.Decode[tasks.Notice](s.Payload)
		if err != nil {
			r.T.Fatal(err)
		}
		said, notices = append(said, n.Task.ID+" "+string(n.Task.State)+" "+n.URL), append(notices, n)
	}
	slices.Sort(said)
	return said, notices
}

// awaitTold returns once some notices are there, as told has them, and no others.
func (r *rig) awaitTold(want ...string) {
	r.T.Helper()
	slices.Sort(want)
	deadline := time.Now().Add(20 * time.Second)
	for said, _ := r.told(); !slices.Equal(said, want); said, _ = r.told() {
		if time.Now().After(deadline) {
			r.T.Fatalf("told %q, want %q", said, want)
		}
		time.Sleep(2 * time.Millisecond) // nothing signals it
	}
}

func TestTheEndOfATaskIsToldOnceToEachHookThatWantsIt(t *testing.T) {
	redistest.Run(t, func(t *testing.T, client redis.UniversalClient) {
		policies := map[string]routing.Patch{"agent_a": {Retention: new(time.Duration(0))}, "agent_b": {Retries: new(1)}}
		r := newRig(t, client, policies, handlers{
			"agent_a": func(context.Context, *tasks.Task, note) (any, error) { return "done", nil },
			"agent_b": func(context.Context, *tasks.Task, note) (any, error) {
				return nil, tasks.RetryAfter(0, errors.New("the shop is closed"))
			},
		})
		r.Enqueue(note{As: "agent_a"}, tasks.Options{ID: "gone", Notify: all})
		r.Enqueue(note{As: "agent_a"}, tasks.Options{ID: "kept", Retention: time.Hour, Notify: []tasks.Hook{
			{URL: "https://a.example", On: []tasks.State{tasks.StateFailed}}, {URL: "https://b.example", On: []tasks.State{tasks.StateSucceeded}}, {URL: "https://c.example"},
		}})
		r.Enqueue(note{As: "agent_b"}, tasks.Options{ID: "fails", Notify: all})
		r.Enqueue(note{As: "agent_b"}, tasks.Options{ID: "silent"})
		r.start(Options{Queue: "agents", Concurrency: 1})
		r.Await("agents", "silent", inState(tasks.StateFailed))
		r.awaitTold("gone succeeded https://app.example/hook", "kept succeeded https://b.example", "kept succeeded https://c.example", "fails failed https://app.example/hook")
		_, notices := r.told()
		for _, n := range notices {
			s := n.Task
			if s.Queue != "agents" || s.Since.IsZero() || !n.At.Equal(s.Since) || s.Headers[format.NotifyHeader] != "" || n.LeftOut {
				t.Errorf("%+v", n)
			}
			if s.ID == "kept" && string(s.Result) != `"done"` || s.ID == "fails" && (s.LastError != "attempt 2, the last: the shop is closed" || s.Retried != 1) {
				t.Errorf("%+v", s)
			}
		}
	})
}

func TestATaskThatIsRunAgainAfterItsEndTellsItsNextEndToo(t *testing.T) {
	redistest.Run(t, func(t *testing.T, client redis.UniversalClient) {
		fails := true
		r := newRig(t, client, nil, handlers{"agent_a": func(context.Context, *tasks.Task, note) (any, error) {
			if fails {
				return nil, tasks.Permanent(errors.New("no"))
			}
			return nil, nil
		}})
		r.Enqueue(note{As: "agent_a"}, tasks.Options{ID: "x", Notify: all})
		stop := r.start(Options{Queue: "agents", Concurrency: 1})
		r.awaitTold("x failed https://app.example/hook")
		stop(time.Second)
		fails = false
		r.runByHand("x")
		r.start(Options{Queue: "agents", Concurrency: 1})
		r.awaitTold("x failed https://app.example/hook", "x succeeded https://app.example/hook")
	})
}

func TestATaskThatEndsWithoutRunningIsToldToo(t *testing.T) {
	redistest.Run(t, func(t *testing.T, client redis.UniversalClient) {
		r := newRig(t, client, nil, handlers{"agent_a": func(_ context.Context, task *tasks.Task, _ note) (any, error) {
			if task.ID != "last" {
				t.Errorf("%s runs", task.ID)
			}
			return nil, nil
		}})
		r.Enqueue(note{As: "agent_a"}, tasks.Options{ID: "expires", Deadline: time.Now().Add(time.Second), Notify: all})
		r.Enqueue(note{As: "agent_a"}, tasks.Options{ID: "waits", Notify: all})
		r.Enqueue(note{As: "agent_a"}, tasks.Options{ID: "later", At: time.Now().Add(time.Hour), Notify: all})
		for range 2 { // to cancel again changes nothing
			for _, id := range []string{"waits", "later"} {
				handled, err := r.client.Cancel(t.Context(), []tasks.Name{{Queue: "agents", ID: id}}, tasks.Cancellation{By: "eve", Why: "not needed"})
				if err != nil || handled[0].Err != nil {
					t.Fatal(handled, err)
				}
			}
		}
		if h, err := r.client.Change(t.Context(), tasks.Name{Queue: "agents", ID: "later"}, tasks.Change{At: time.Now().Add(time.Hour)}, nil); err != nil || h.Err == nil {
			t.Errorf("a cancelled task is put off: %+v, %v", h, err)
		}
		for time.Now().Unix() < r.Await("agents", "expires", inState(tasks.StateWaiting)).Deadline.Unix() {
			time.Sleep(10 * time.Millisecond) // asynq's deadlines are whole seconds
		}
		r.start(Options{Queue: "agents", Concurrency: 1})
		r.Enqueue(note{As: "agent_a"}, tasks.Options{ID: "last"})
		r.awaitTold("expires expired https://app.example/hook", "later cancelled https://app.example/hook", "waits cancelled https://app.example/hook")
		s := r.Await("agents", "later", inState(tasks.StateCancelled))
		if s.LastError != "cancelled by eve: not needed" {
			t.Errorf("%+v", s)
		}
		r.Await("agents", "last", inState(tasks.StateSucceeded))
	})
}

func TestACancelledTaskWhoseEndIsToldNeedsNoTurnOfItsUser(t *testing.T) {
	redistest.Run(t, func(t *testing.T, client redis.UniversalClient) {
		r := newRig(t, client, nil, handlers{"agent_a": func(ctx context.Context, _ *tasks.Task, _ note) (any, error) {
			<-ctx.Done()
			return nil, context.Cause(ctx)
		}})
		r.Enqueue(note{As: "agent_a", User: "ada"}, tasks.Options{ID: "runs"})
		r.start(Options{Queue: "agents", Concurrency: 3, PerUser: 1})
		r.Await("agents", "runs", inState(tasks.StateRunning))
		r.Enqueue(note{As: "agent_a", User: "ada"}, tasks.Options{ID: "held", Notify: all})
		r.Await("agents", "held", inState(tasks.StateHeld))
		if handled, err := r.client.Cancel(t.Context(), []tasks.Name{{Queue: "agents", ID: "held"}}, tasks.Cancellation{By: "eve"}); err != nil || handled[0].Err != nil {
			t.Fatal(handled, err)
		}
		r.awaitTold("held cancelled https://app.example/hook")
	})
}

func TestWhatIsTooLargeToBeToldIsLeftOut(t *testing.T) {
	redistest.Run(t, func(t *testing.T, client redis.UniversalClient) {
		r := newRig(t, client, nil, handlers{"agent_a": func(context.Context, *tasks.Task, note) (any, error) {
			return strings.Repeat("x", maxTold), nil
		}})
		r.Enqueue(note{As: "agent_a"}, tasks.Options{ID: "x", Notify: all})
		r.start(Options{Queue: "agents", Concurrency: 1})
		r.awaitTold("x succeeded https://app.example/hook")
		if _, notices := r.told(); !notices[0].LeftOut || notices[0].Task.Result != nil || notices[0].Task.Payload != nil {
			t.Errorf("%+v", notices[0].Task)
		}
	})
}

func TestHooksThatOthersWroteStopNothing(t *testing.T) {
	redistest.Run(t, func(t *testing.T, client redis.UniversalClient) {
		r := newRig(t, client, nil, handlers{"agent_a": nothing})
		many, _ := json.Marshal(slices.Repeat(all, tasks.MaxHooks+1))
		for id, header := range map[string]string{"a": "{", "b": `[{"url":1}]`, "c": string(many), "d": "null"} {
			r.Enqueue(note{As: "agent_a"}, tasks.Options{ID: id})
			msg := client.HGet(t.Context(), format.TaskKey("agents", id), "msg").Val()
			client.HSet(t.Context(), format.TaskKey("agents", id), "msg", msg+string(format.Header(format.NotifyHeader, header)))
		}
		r.start(Options{Queue: "agents", Concurrency: 1})
		for _, id := range []string{"a", "b", "c", "d"} {
			r.Await("agents", id, inState(tasks.StateSucceeded))
		}
		r.awaitTold()
	})
}
