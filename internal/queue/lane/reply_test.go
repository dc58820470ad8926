package lane

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"switchyard/internal/queue/format"
	"switchyard/internal/tasks"
	"switchyard/test/redistest"
)

// ear hears what is told of tasks.
type ear struct {
	mu    sync.Mutex
	heard []tasks.Reply
}

func (e *ear) hear(r tasks.Reply) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.heard = append(e.heard, r)
}

// of returns what was heard of a task, as states with their reasons.
func (e *ear) of(id string) (states []string) {
	e.mu.Lock()
	defer e.mu.Unlock()
	for _, r := range e.heard {
		if r.ID == id {
			states = append(states, fmt.Sprintf("%s %s %s", r.State, r.Reason, r.Envelope))
		}
	}
	return states
}

// kept returns what is kept of what was told of a task, likewise, sorted.
func (r *rig) kept(id string) (states []string) {
	r.T.Helper()
	for field, text := range r.Redis.HGetAll(r.T.Context(), format.RepliesKey("agents")).Val() {
		reply, err := ReadReply("agents", field, text)
		if err != nil {
			r.T.Fatal(err)
		}
		if reply.ID == id {
			states = append(states, fmt.Sprintf("%s %s %s", reply.State, reply.Reason, reply.Envelope))
		}
	}
	slices.Sort(states)
	return states
}

func TestWhatThereIsToTellIsKeptInTheStepThatEndsAnAttempt(t *testing.T) {
	redistest.Run(t, func(t *testing.T, client redis.UniversalClient) {
		r := newRig(t, client, nil, handlers{"agent_a": func(ctx context.Context, task *tasks.Task, _ note) (any, error) {
			switch {
			case task.ID == "done":
				return map[string]int{"n": 1}, nil
			case task.ID == "slow":
				<-ctx.Done()
				return nil, context.Cause(ctx)
			case task.Attempt == 1:
				return nil, tasks.RetryAfter(0, errors.New("closed"))
			}
			return nil, tasks.Permanent(tasks.Field("x", "is wrong"))
		}})
		heard := &ear{}
		r.deps.Reply = heard.hear
		send := func(id string, opts tasks.Options) {
			opts.ID, opts.Reply = id, json.RawMessage(`{"of":"`+id+`"}`)
			r.Enqueue(note{As: "agent_a"}, opts)
		}
		send("done", tasks.Options{})
		send("fails", tasks.Options{})
		send("slow", tasks.Options{HardLimit: 20 * time.Millisecond})
		send("late", tasks.Options{Expires: time.Now().Add(-time.Second)})
		send("gone", tasks.Options{At: time.Now().Add(time.Hour)})
		if all, err := r.client.Cancel(t.Context(), []tasks.Name{{Queue: "agents", ID: "gone"}}, tasks.Cancellation{By: "me"}); err != nil || all[0].Err != nil {
			t.Fatal(err, all)
		}
		r.start(Options{Queue: "agents", Concurrency: 1})
		for id, want := range map[string][]string{
			"done":  {`running  {"of":"done"}`, `succeeded  {"of":"done"}`},
			"fails": {`running  {"of":"fails"}`, `retrying error {"of":"fails"}`, `running  {"of":"fails"}`, `failed refused {"of":"fails"}`},
			"slow":  {`running  {"of":"slow"}`, `retrying hard_limit {"of":"slow"}`},
			"late":  {`expired expired {"of":"late"}`},
			"gone":  {`cancelled cancelled {"of":"gone"}`},
		} {
			deadline := time.Now().Add(20 * time.Second)
			for !slices.Equal(heard.of(id), want) {
				if time.Now().After(deadline) {
					t.Fatalf("of %s was told %q, want %q", id, heard.of(id), want)
				}
				time.Sleep(time.Millisecond) // nothing signals it
			}
			want = slices.DeleteFunc(want, func(s string) bool { return s[:7] == "running" })
			slices.Sort(want)
			if got := r.kept(id); !slices.Equal(got, want) {
				t.Errorf("of %s is kept %q, want %q", id, got, want)
			}
		}
	})
}

func TestATaskThatIsAddedOnceIsNotAddedAgainAfterItsEnd(t *testing.T) {
	redistest.Run(t, func(t *testing.T, client redis.UniversalClient) {
		r := newRig(t, client, nil, handlers{"agent_a": nothing})
		opts := tasks.Options{ID: "x", Once: true}
		r.Enqueue(note{As: "agent_a"}, opts)
		if h := r.client.Delete(t.Context(), []tasks.Name{{Queue: "agents", ID: "x"}})[0]; h.Err != nil {
			t.Fatal(h.Err)
		}
		if receipt, err := r.client.Enqueue(t.Context(), note{As: "agent_a"}, opts); err != nil || receipt.ID != "x" {
			t.Errorf("%+v, %v", receipt, err)
		}
		if n := client.LLen(t.Context(), format.Key("agents", "pending")).Val(); n != 0 {
			t.Errorf("%d tasks wait", n)
		}
		if ttl := client.TTL(t.Context(), format.RequestKey("agents", "id:x")).Val(); ttl <= 0 || ttl > format.OnceFor {
			t.Errorf("it is known for %s", ttl)
		}
	})
}

func TestATaskThatIsDeletedBeforeItsEndIsToldToBeCancelled(t *testing.T) {
	redistest.Run(t, func(t *testing.T, client redis.UniversalClient) {
		r := newRig(t, client, nil, handlers{"agent_a": nothing})
		r.Enqueue(note{As: "agent_a"}, tasks.Options{ID: "ended", Reply: json.RawMessage(`{}`), Retention: time.Hour})
		stop := r.start(Options{Queue: "agents", Concurrency: 1})
		r.Await("agents", "ended", inState(tasks.StateSucceeded))
		stop(time.Second)
		client.Del(t.Context(), format.RepliesKey("agents")) // that was told
		r.Enqueue(note{As: "agent_a"}, tasks.Options{ID: "waits", Reply: json.RawMessage(`{}`)})
		r.Enqueue(note{As: "agent_a"}, tasks.Options{ID: "later", Reply: json.RawMessage(`{}`), At: time.Now().Add(time.Hour)})
		for id, want := range map[string][]string{"waits": {"cancelled cancelled {}"}, "later": {"cancelled cancelled {}"}, "ended": nil} {
			if h := r.client.Delete(t.Context(), []tasks.Name{{Queue: "agents", ID: id}})[0]; h.Err != nil {
				t.Fatal(h.Err)
			}
			if got := r.kept(id); !slices.Equal(got, want) {
				t.Errorf("of %s is kept %q, want %q", id, got, want)
			}
		}
	})
}
