package lane

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/hibiken/asynq"
	"github.com/redis/go-redis/v9"

	"switchyard/internal/queue/format"
	"switchyard/internal/routing"
	"switchyard/internal/tasks"
	"switchyard/test/redistest"
)

// office performs tasks of users until it is told to let them go, and notes who was in.
type office struct {
	mu      sync.Mutex
	in      map[string]int // by user, now
	most    map[string]int // and at most
	order   map[string][]string
	entered chan string // user
	leave   chan struct{}
}

func newOffice() *office {
	return &office{in: map[string]int{}, most: map[string]int{}, order: map[string][]string{}, entered: make(chan string, 1000), leave: make(chan struct{}, 1000)}
}

func (o *office) perform(ctx context.Context, t *tasks.Task, args note) (any, error) {
	o.mu.Lock()
	o.in[args.User]++
	o.most[args.User] = max(o.most[args.User], o.in[args.User])
	o.order[args.User] = append(o.order[args.User], t.ID)
	o.mu.Unlock()
	o.entered <- args.User
	defer func() {
		o.mu.Lock()
		o.in[args.User]--
		o.mu.Unlock()
	}()
	select {
	case <-o.leave:
		return nil, nil
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

// await waits until so many of each user's tasks have entered since.
func (o *office) await(t *testing.T, want map[string]int) {
	t.Helper()
	left := 0
	for _, n := range want {
		left += n
	}
	got := map[string]int{}
	for ; left > 0; left-- {
		select {
		case user := <-o.entered:
			got[user]++
		case <-time.After(time.Minute):
			t.Fatalf("entered %v, want %v", got, want)
		}
	}
	if fmt.Sprint(got) != fmt.Sprint(want) {
		t.Errorf("entered %v, want %v", got, want)
	}
}

func TestACrowdOfOneUsersTasksLeavesRoomForOthers(t *testing.T) {
	redistest.Together(t, func(t *testing.T, client redis.UniversalClient) {
		o := newOffice()
		r := newRig(t, client, nil, handlers{"agent_a": o.perform})
		const crowd = 300 // more than a look passes by
		for range crowd {
			r.Enqueue(note{As: "agent_a", User: "ada"}, tasks.Options{})
		}
		r.Enqueue(note{As: "agent_a", User: "bob"}, tasks.Options{})
		r.Enqueue(note{As: "agent_a"}, tasks.Options{}) // nobody's
		r.start(Options{Queue: routing.Agents, Concurrency: 3, PerUser: 2})
		r.start(Options{Queue: routing.Agents, Concurrency: 3, PerUser: 2})
		o.await(t, map[string]int{"ada": 2, "bob": 1, "": 1})
		held, err := r.inspector().ListAggregatingTasks(routing.Agents, "user:ada")
		if err != nil || len(held) == 0 {
			t.Errorf("asynq sees %d held tasks, %v", len(held), err)
		}
		for range crowd + 2 {
			o.leave <- struct{}{}
		}
		o.await(t, map[string]int{"ada": crowd - 2})
		if o.most["ada"] != 2 {
			t.Errorf("%d of the user's tasks ran at once, want 2", o.most["ada"])
		}
		awaitEmpty(t, r, "g:user:ada", "groups")
	})
}

func TestTheTasksOfAUserRunInOrder(t *testing.T) {
	redistest.Together(t, func(t *testing.T, client redis.UniversalClient) {
		o := newOffice()
		r := newRig(t, client, nil, handlers{"agent_a": o.perform})
		const n = 250 // more than a look passes by
		var sent []string
		for range n {
			sent = append(sent, r.Enqueue(note{As: "agent_a", User: "ada"}, tasks.Options{}).ID)
			o.leave <- struct{}{}
		}
		r.start(Options{Queue: routing.Agents, Concurrency: 3, PerUser: 1})
		o.await(t, map[string]int{"ada": n})
		if !slices.Equal(o.order["ada"], sent) {
			t.Errorf("ran %v, want the order in which they were sent, %v", o.order["ada"], sent)
		}
	})
}

// awaitEmpty waits until keys of the agents' queue are gone.
func awaitEmpty(t *testing.T, r *rig, parts ...string) {
	t.Helper()
	for _, part := range parts {
		for deadline := time.Now().Add(time.Minute); ; time.Sleep(2 * time.Millisecond) {
			n, err := r.Redis.Exists(t.Context(), format.Key(routing.Agents, part)).Result()
			if err == nil && n == 0 {
				break
			}
			if time.Now().After(deadline) {
				t.Fatalf("%s is still there, %v", part, err)
			}
		}
	}
}

func TestATurnThatNobodyEndedIsGivenAgain(t *testing.T) {
	redistest.Together(t, func(t *testing.T, client redis.UniversalClient) {
		o := newOffice()
		r := newRig(t, client, nil, handlers{"agent_a": o.perform})
		key := format.TurnsKey(routing.Agents) + "ada"
		client.SAdd(t.Context(), key, "gone", "gone too")
		r.start(Options{Queue: routing.Agents, Concurrency: 4, PerUser: 1})
		first := r.Enqueue(note{As: "agent_a", User: "ada"}, tasks.Options{})
		o.await(t, map[string]int{"ada": 1})
		second := r.Enqueue(note{As: "agent_a", User: "ada"}, tasks.Options{})
		r.Await(routing.Agents, second.ID, inState(tasks.StateHeld))
		// As if the worker had died between the end of the attempt and the turn's.
		client.HSet(t.Context(), format.Key(routing.Agents, "t:"+first.ID), "state", "completed")
		client.LPush(t.Context(), format.WakeKey(routing.Agents), "") // or it would be found within six seconds
		o.await(t, map[string]int{"ada": 1})
	})
}

func TestAHeldTaskCanBeRunAndDeletedByHand(t *testing.T) {
	redistest.Run(t, func(t *testing.T, client redis.UniversalClient) {
		o := newOffice()
		r := newRig(t, client, nil, handlers{"agent_a": o.perform})
		r.start(Options{Queue: routing.Agents, Concurrency: 4, PerUser: 1})
		var ids []string
		for range 4 {
			ids = append(ids, r.Enqueue(note{As: "agent_a", User: "ada"}, tasks.Options{}).ID)
		}
		o.await(t, map[string]int{"ada": 1})
		for _, id := range ids[1:] {
			r.Await(routing.Agents, id, inState(tasks.StateHeld))
		}
		if err := r.inspector().DeleteTask(routing.Agents, ids[1]); err != nil {
			t.Error(err)
		}
		if err := r.client.Run(t.Context(), []tasks.Name{{Queue: routing.Agents, ID: ids[2]}})[0].Err; err != nil {
			t.Error(err)
		}
		r.Await(routing.Agents, ids[2], inState(tasks.StateHeld)) // behind the other, for want of a turn
		for range 3 {
			o.leave <- struct{}{}
		}
		o.await(t, map[string]int{"ada": 2})
		if got := o.order["ada"]; !slices.Equal(got, []string{ids[0], ids[3], ids[2]}) {
			t.Errorf("ran %v of %v", got, ids)
		}
	})
}

func TestTheUserOfATaskIsReadFromItsPayload(t *testing.T) {
	redistest.Run(t, func(t *testing.T, client redis.UniversalClient) {
		o := newOffice()
		r := newRig(t, client, nil, handlers{"agent_a": o.perform})
		payloads := []string{`{"text":"\"user\":\"eve\"","user":"ada"}`, `{"user":"a\nb"}`, `{"user":"*"}`, `{"user":7}`, `not JSON`, ``, `[1]`}
		want := []string{"ada", "", "", "", "", "", ""}
		for _, user := range []string{"auth0|64af", "user:1", "{x} y/z", "ä雪😀", "a*", ".", "..", "100%", `"\`} {
			payload, err := json.Marshal(map[string]string{"user": user})
			if err != nil {
				t.Fatal(err)
			}
			payloads, want = append(payloads, string(payload)), append(want, tasks.UserKey(user))
		}
		for i, payload := range payloads {
			if _, err := r.Foreign.Enqueue(asynq.NewTask("agent_a", []byte(payload)), asynq.Queue(routing.Agents), asynq.TaskID(fmt.Sprint(i)), asynq.Retention(time.Hour), asynq.MaxRetry(0)); err != nil {
				t.Fatal(err)
			}
		}
		// A message that is none, with a length beyond its end.
		ctx := t.Context()
		client.HSet(ctx, format.Key(routing.Agents, "t:broken"), "msg", "\x12\xff\xff", "state", "pending")
		client.LPush(ctx, format.Key(routing.Agents, "pending"), "broken")
		r.start(Options{Queue: routing.Agents, Concurrency: 20, PerUser: 1})
		for range payloads {
			o.leave <- struct{}{}
		}
		for i, want := range append(want, "") {
			id := fmt.Sprint(i)
			if i == len(payloads) {
				id = "broken"
			}
			deadline := time.Now().Add(time.Minute)
			for client.HExists(ctx, format.Key(routing.Agents, "t:"+id), "user").Val() == false && time.Now().Before(deadline) {
				time.Sleep(time.Millisecond)
			}
			if user, err := client.HGet(ctx, format.Key(routing.Agents, "t:"+id), "user").Result(); err != nil || user != want {
				t.Errorf("task %s counts as %q's, %v; want %q", id, user, err, want)
			}
		}
	})
}

func TestATaskThatSomebodyElsePerformsKeepsItsUsersTurn(t *testing.T) {
	redistest.Run(t, func(t *testing.T, client redis.UniversalClient) {
		var calls atomic.Int64
		r := newRig(t, client, nil, handlers{"agent_a": func(context.Context, *tasks.Task, note) (any, error) {
			if calls.Add(1) == 1 {
				return nil, tasks.AwaitedFor(time.Hour, "another performs it")
			}
			return nil, nil
		}})
		r.start(Options{Queue: routing.Agents, Concurrency: 4, PerUser: 1})
		first := r.Enqueue(note{As: "agent_a", User: "ada"}, tasks.Options{Retention: time.Hour})
		r.Await(routing.Agents, first.ID, inState(tasks.StateParked))
		second := r.Enqueue(note{As: "agent_a", User: "ada"}, tasks.Options{Retention: time.Hour})
		other := r.Enqueue(note{As: "agent_a", User: "bob"}, tasks.Options{Retention: time.Hour})
		r.Await(routing.Agents, other.ID, inState(tasks.StateSucceeded))
		r.Await(routing.Agents, second.ID, inState(tasks.StateHeld))
		if fate, err := r.client.Unpark(t.Context(), routing.Agents, first.ID); err != nil || fate != tasks.GoesOn {
			t.Fatalf("unpark: %v, %v", fate, err)
		}
		r.Await(routing.Agents, first.ID, inState(tasks.StateSucceeded))
		r.Await(routing.Agents, second.ID, inState(tasks.StateSucceeded))
		if there := client.HExists(t.Context(), format.TaskKey(routing.Agents, first.ID), format.TurnField).Val(); there {
			t.Error("the task that was taken again is still said to keep its turn")
		}
	})
}
