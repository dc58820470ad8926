package queue

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/hibiken/asynq"
	"github.com/redis/go-redis/v9"

	"switchyard/internal/queue/format"
	"switchyard/internal/queue/lane"
	"switchyard/internal/routing"
	"switchyard/internal/tasks"
	"switchyard/test/redistest"
)

func named(id string) []tasks.Name { return []tasks.Name{{Queue: "agents", ID: id}} }

// put leaves a task in one of asynq's states, with fields beside.
func (r *rig) put(id, word string, fields ...any) {
	r.T.Helper()
	r.Enqueue(note{As: "agent_a", Text: id, User: "ada"}, tasks.Options{ID: id, Unique: time.Hour})
	ctx := r.T.Context()
	place := func(p redis.Pipeliner) {
		switch word {
		case "pending":
			p.LPush(ctx, format.Key("agents", word), id)
		case "active":
			p.LPush(ctx, format.Key("agents", word), id)
			p.ZAdd(ctx, format.Key("agents", "lease"), redis.Z{Score: float64(time.Now().Add(time.Minute).Unix()), Member: id})
		case "aggregating":
			p.ZAdd(ctx, format.Key("agents", "g:user:ada"), redis.Z{Score: 1, Member: id})
			p.SAdd(ctx, format.Key("agents", "groups"), "user:ada")
			p.HSet(ctx, format.TaskKey("agents", id), "group", "user:ada")
		case "archived", "completed":
			p.ZAdd(ctx, format.Key("agents", word), redis.Z{Score: float64(time.Now().Unix()), Member: id})
		default:
			p.ZAdd(ctx, format.Key("agents", word), redis.Z{Score: float64(time.Now().Add(time.Hour).Unix()), Member: id})
		}
	}
	_, err := r.Redis.Pipelined(ctx, func(p redis.Pipeliner) error {
		p.LRem(ctx, format.Key("agents", "pending"), 0, id)
		p.HSet(ctx, format.TaskKey("agents", id), "state", word)
		if len(fields) > 0 {
			p.HSet(ctx, format.TaskKey("agents", id), fields...)
		}
		place(p)
		p.Del(ctx, format.WakeKey("agents"))
		return nil
	})
	if err != nil {
		r.T.Fatal(err)
	}
}

// everyState leaves a task in each state, named as it.
func (r *rig) everyState() {
	r.put("waiting", "pending")
	r.put("scheduled", "scheduled", "due_ms", "1")
	r.put("held", "aggregating")
	r.put("running", "active")
	r.put("retrying", "retry")
	r.put("parked", "retry", "parked", "1")
	r.put("succeeded", "completed")
	r.put("failed", "archived")
	r.put("cancelled", "archived", "ending", "cancelled")
	r.put("expired", "archived", "ending", "expired")
}

// places returns where an ID stands in the keys of the queue.
func (r *rig) places(id string) []string {
	ctx := r.T.Context()
	var found []string
	for _, word := range []string{"pending", "active"} {
		for _, there := range r.Redis.LRange(ctx, format.Key("agents", word), 0, -1).Val() {
			if there == id {
				found = append(found, word)
			}
		}
	}
	for _, word := range []string{"scheduled", "retry", "archived", "completed", "g:user:ada"} {
		if r.Redis.ZScore(ctx, format.Key("agents", word), id).Err() == nil {
			found = append(found, word)
		}
	}
	return found
}

func (r *rig) cancel(id, why string) tasks.Handled {
	r.T.Helper()
	all, err := r.client.Cancel(r.T.Context(), named(id), tasks.Cancellation{By: "eve", Why: why})
	if err != nil {
		r.T.Fatal(err)
	}
	return all[0]
}

// said returns a task's error, "" if there is none.
func said(h tasks.Handled) string {
	if h.Err == nil {
		return ""
	}
	return h.Err.Error()
}

func TestATaskThatWaitsIsCancelledAtOnceWhateverItWaitsFor(t *testing.T) {
	redistest.Run(t, func(t *testing.T, client redis.UniversalClient) {
		r := newRig(t, client, nil, handlers{"agent_a": nothing})
		r.everyState()
		for _, id := range []string{"waiting", "scheduled", "held", "retrying", "parked"} {
			for range 2 { // to cancel again changes nothing
				if h := r.cancel(id, "not needed"); h.Err != nil || h.Now != tasks.StateCancelled || h.For != "ada" {
					t.Errorf("%s: %+v", id, h)
				}
			}
			s, found, err := r.client.Status(t.Context(), "agents", id)
			if err != nil || !found || s.State != tasks.StateCancelled || s.LastError != "cancelled by eve: not needed" || time.Since(s.Since) > time.Minute {
				t.Errorf("%s: %+v, %v", id, s, err)
			}
			var why format.Failure
			if err := json.Unmarshal(s.Error, &why); err != nil || why.Outcome != "cancelled" || why.Message != s.LastError || time.Since(why.At) > time.Minute {
				t.Errorf("%s: error %s, %v", id, s.Error, err)
			}
			if where := r.places(id); !slices.Equal(where, []string{"archived"}) {
				t.Errorf("%s stands in %v, want the dead letter alone", id, where)
			}
			left := client.HMGet(t.Context(), format.TaskKey("agents", id), "parked", "due_ms", "pending_since", "group", "cancel", "awaits").Val()
			if slices.ContainsFunc(left, func(v any) bool { return v != nil }) {
				t.Errorf("%s keeps %v", id, left)
			}
			if receipt := r.Enqueue(note{As: "agent_a", Text: id, User: "ada"}, tasks.Options{ID: id + "2", Unique: time.Hour}); receipt.Duplicate {
				t.Errorf("%s holds its lock", id)
			}
		}
		if n := client.SCard(t.Context(), format.Key("agents", "groups")).Val(); n != 0 {
			t.Errorf("%d groups are left", n)
		}
		for id, want := range map[string]string{
			"succeeded": "task agents/succeeded has succeeded already", "failed": "task agents/failed has failed already",
			"expired": "task agents/expired has expired already", "cancelled": "",
			"nobody": `no task "nobody" in queue "agents": it may have been done, and its retention be over`,
		} {
			if h := r.cancel(id, ""); said(h) != want {
				t.Errorf("%s: %v, want %s", id, h.Err, want)
			}
		}
	})
}

func TestATaskThatIsCancelledNeverRunsAgain(t *testing.T) {
	redistest.Run(t, func(t *testing.T, client redis.UniversalClient) {
		r := newRig(t, client, nil, handlers{"agent_a": func(_ context.Context, task *tasks.Task, _ note) (any, error) {
			if task.ID != "last" {
				t.Errorf("%s runs", task.ID)
			}
			return nil, nil
		}})
		r.everyState()
		for _, id := range []string{"waiting", "scheduled", "held", "retrying", "parked"} {
			r.cancel(id, "")
		}
		client.LRem(t.Context(), format.Key("agents", "active"), 0, "running")
		r.start(lane.Options{Queue: routing.Agents, Concurrency: 1})
		r.Enqueue(note{As: "agent_a"}, tasks.Options{ID: "last"})
		r.Await("agents", "last", inState(tasks.StateSucceeded))
	})
}

func TestWhoPerformsATaskHearsThatItIsCancelled(t *testing.T) {
	redistest.Run(t, func(t *testing.T, client redis.UniversalClient) {
		r := newRig(t, client, nil, handlers{"agent_a": nothing})
		r.put("running", "active")
		channel := client.Subscribe(t.Context(), format.CancelChannel)
		defer func() { _ = channel.Close() }()
		if _, err := channel.Receive(t.Context()); err != nil {
			t.Fatal(err)
		}
		r.cancel("running", "first")
		if h := r.cancel("running", "second"); h.Err != nil || h.Was != tasks.StateRunning || h.Now != tasks.StateRunning {
			t.Errorf("%+v", h)
		}
		for range 2 {
			if m, err := channel.ReceiveMessage(t.Context()); err != nil || m.Payload != "running" {
				t.Errorf("heard %v, %v", m, err)
			}
		}
		s, _, _ := r.client.Status(t.Context(), "agents", "running")
		var asked map[string]string
		if err := json.Unmarshal(s.Cancel, &asked); err != nil || asked["by"] != "eve" || asked["why"] != "first" || asked["at"] == "" || s.State != tasks.StateRunning {
			t.Errorf("it is %s, cancel %s, %v", s.State, s.Cancel, err)
		}
	})
}

func TestWhatWaitsForACancelledTaskIsWoken(t *testing.T) {
	redistest.Run(t, func(t *testing.T, client redis.UniversalClient) {
		r := newRig(t, client, nil, handlers{"agent_a": nothing, "briefing_b": nothing})
		next := r.Enqueue(note{As: "briefing_b"}, tasks.Options{At: time.Now().Add(time.Hour)})
		r.Enqueue(note{As: "agent_a"}, tasks.Options{ID: "x", Wakes: &next})
		r.cancel("x", "")
		if s, _, _ := r.client.Status(t.Context(), "briefings", next.ID); s.State != tasks.StateWaiting {
			t.Errorf("what waited is %s", s.State)
		}
	})
}

func TestTheDeadLetterStaysWithinItsBounds(t *testing.T) {
	redistest.Run(t, func(t *testing.T, client redis.UniversalClient) {
		r := newRig(t, client, nil, handlers{"agent_a": nothing})
		r.put("old", "archived")
		r.put("young", "archived")
		client.ZAdd(t.Context(), format.Key("agents", "archived"), redis.Z{Score: float64(time.Now().Add(-91 * 24 * time.Hour).Unix()), Member: "old"})
		r.put("x", "pending")
		r.cancel("x", "")
		if client.Exists(t.Context(), format.TaskKey("agents", "old")).Val() != 0 || r.places("old") != nil {
			t.Error("one of more than 90 days is kept")
		}
		if !slices.Equal(r.places("young"), []string{"archived"}) {
			t.Error("a young one is gone")
		}
		many := make([]redis.Z, format.DeadMost)
		for i := range many {
			many[i] = redis.Z{Score: float64(time.Now().Unix() - 1000), Member: fmt.Sprint("m", i)}
		}
		client.ZAdd(t.Context(), format.Key("agents", "archived"), many...)
		r.put("y", "pending")
		r.cancel("y", "")
		if n := client.ZCard(t.Context(), format.Key("agents", "archived")).Val(); n != format.DeadMost-1 {
			t.Errorf("%d are kept, want %d as asynq keeps", n, format.DeadMost-1)
		}
		if !slices.Equal(r.places("y"), []string{"archived"}) {
			t.Error("the one that was cancelled is gone")
		}
	})
}

func TestTasksAreRunByHand(t *testing.T) {
	redistest.Run(t, func(t *testing.T, client redis.UniversalClient) {
		r := newRig(t, client, nil, handlers{"agent_a": nothing})
		r.everyState()
		for _, id := range []string{"scheduled", "held", "retrying", "parked", "failed", "cancelled", "expired"} {
			client.Del(t.Context(), format.WakeKey("agents"))
			client.HSet(t.Context(), format.TaskKey("agents", id), "losses", "9", "awaits", "1", "cancel", "{}")
			if h := r.client.Run(t.Context(), named(id))[0]; h.Err != nil || h.Was != tasks.State(id) || h.Now != tasks.StateWaiting {
				t.Errorf("%s: %+v", id, h)
			}
			if where := r.places(id); !slices.Equal(where, []string{"pending"}) {
				t.Errorf("%s stands in %v, want it to wait, once", id, where)
			}
			if first := client.LIndex(t.Context(), format.Key("agents", "pending"), 0).Val(); first != id {
				t.Errorf("%s is not at the end of the queue", id)
			}
			left := client.HMGet(t.Context(), format.TaskKey("agents", id), "parked", "due_ms", "losses", "ending", "awaits", "cancel", "group").Val()
			if slices.ContainsFunc(left, func(v any) bool { return v != nil }) {
				t.Errorf("%s keeps %v", id, left)
			}
			if n := client.LLen(t.Context(), format.WakeKey("agents")).Val(); n != 1 {
				t.Errorf("%s left %d tokens, want 1", id, n)
			}
		}
		for id, want := range map[string]string{
			"waiting": "task agents/waiting is already waiting", "running": "task agents/running is already running",
			"succeeded": "task agents/succeeded has succeeded: use replay to do it again",
			"nobody":    `no task "nobody" in queue "agents": it may have been done, and its retention be over`,
		} {
			if h := r.client.Run(t.Context(), named(id))[0]; said(h) != want {
				t.Errorf("%s: %v, want %s", id, h.Err, want)
			}
		}
	})
}

func TestATaskThatHasExpiredIsBegunIfSomebodyRunsIt(t *testing.T) {
	redistest.Run(t, func(t *testing.T, client redis.UniversalClient) {
		r := newRig(t, client, nil, handlers{"agent_a": nothing})
		late := tickOf("late", "agent_a", 1)
		late.Expires = time.Now().Add(-time.Second)
		r.tick(late)
		r.start(lane.Options{Queue: routing.Agents, Concurrency: 1})
		r.Await("agents", late.ID, func(s tasks.Status) bool { return s.State.Ended() })
		client.HSet(t.Context(), format.TaskKey("agents", late.ID), "ending", "expired")
		if h := r.client.Run(t.Context(), named(late.ID))[0]; h.Err != nil {
			t.Fatal(h.Err)
		}
		r.Await("agents", late.ID, inState(tasks.StateSucceeded))
		again := r.client.Replay(t.Context(), named(late.ID))[0]
		if again.Err != nil {
			t.Fatal(again.Err)
		}
		if _, expires := r.Await("agents", again.Again.ID, inState(tasks.StateSucceeded)).Headers[format.ExpiresHeader]; expires {
			t.Error("its new task has a time by which it must have begun")
		}
	})
}

func TestWhatHasEndedIsReplayedAsANewTask(t *testing.T) {
	redistest.Run(t, func(t *testing.T, client redis.UniversalClient) {
		r := newRig(t, client, nil, handlers{"agent_a": nothing, "briefing_b": nothing})
		r.everyState()
		next := r.Enqueue(note{As: "briefing_b"}, tasks.Options{At: time.Now().Add(time.Hour)})
		r.Enqueue(note{As: "agent_a", Text: "again"}, tasks.Options{ID: "again", Wakes: &next})
		r.cancel("again", "")
		for _, id := range []string{"succeeded", "failed", "cancelled", "expired", "again"} {
			h := r.client.Replay(t.Context(), named(id))[0]
			if h.Err != nil || h.Again == nil || h.Again.ID == id || h.Again.Duplicate {
				t.Errorf("%s: %+v", id, h)
				continue
			}
			s, _, err := r.client.Status(t.Context(), "agents", h.Again.ID)
			old, _, _ := r.client.Status(t.Context(), "agents", id)
			if err != nil || s.State != tasks.StateWaiting || string(s.Payload) != string(old.Payload) || s.Kind != "agent_a" || s.LastError != "" ||
				s.Headers[format.WakesHeader] != old.Headers[format.WakesHeader] || s.Headers[format.VersionHeader] != "1" {
				t.Errorf("%s again: %+v, %v", id, s, err)
			}
		}
		for _, id := range []string{"waiting", "scheduled", "held", "running", "retrying", "parked"} {
			want := fmt.Sprintf("task agents/%s is %s: only what has ended is replayed", id, id)
			if h := r.client.Replay(t.Context(), named(id))[0]; said(h) != want {
				t.Errorf("%s: %v, want %s", id, h.Err, want)
			}
		}
	})
}

func TestWhatIsDeletedLeavesNothing(t *testing.T) {
	redistest.Run(t, func(t *testing.T, client redis.UniversalClient) {
		r := newRig(t, client, nil, handlers{"agent_a": nothing})
		r.everyState()
		ctx := t.Context()
		client.Set(ctx, format.TaskKey("agents", "string"), "x", 0)
		client.LPush(ctx, format.Key("agents", "pending"), "string", "empty")
		client.HSet(ctx, format.TaskKey("agents", "odd"), "state", "odd", "group", "user:bob")
		client.ZAdd(ctx, format.Key("agents", "retry"), redis.Z{Score: 1, Member: "odd"})
		for _, state := range tasks.States {
			ids := []string{string(state)}
			if state == tasks.StateBroken {
				ids = []string{"string", "empty", "odd"}
			}
			for _, id := range ids {
				h := r.client.Delete(ctx, named(id))[0]
				if state == tasks.StateRunning {
					if said(h) != "task agents/running is running: cancel it first" {
						t.Errorf("running: %v", h.Err)
					}
					continue
				}
				if h.Err != nil || h.Was != state || h.Now != "" {
					t.Errorf("%s: %+v", id, h)
				}
				if client.Exists(ctx, format.TaskKey("agents", id)).Val() != 0 || r.places(id) != nil {
					t.Errorf("%s is left in %v", id, r.places(id))
				}
				if client.Exists(ctx, format.LockKey("agents", "agent_a", fmt.Appendf(nil, `{"text":%q,"user":"ada"}`, id))).Val() != 0 {
					t.Errorf("%s left its lock", id)
				}
				if again := r.client.Delete(ctx, named(id))[0]; !errors.Is(again.Err, ErrNotFound) {
					t.Errorf("%s again: %v", id, again.Err)
				}
			}
		}
		if client.Exists(ctx, format.Key("agents", "groups")).Val() != 0 {
			t.Error("the group of held tasks is left")
		}
	})
}

func TestTasksAreListedByWhatIsAskedFor(t *testing.T) {
	redistest.Run(t, func(t *testing.T, client redis.UniversalClient) {
		r := newRig(t, client, nil, handlers{"agent_a": nothing, "scrape_c": nothing})
		r.everyState()
		r.Enqueue(note{As: "scrape_c", User: "bob"}, tasks.Options{ID: "other"})
		client.LPush(t.Context(), format.Key("agents", "pending"), "empty")
		client.Set(t.Context(), format.Key("scraping", "retry"), "no set", 0)
		for _, tc := range []struct {
			filter tasks.Filter
			want   string
		}{
			{tasks.Filter{}, "running waiting empty held scheduled retrying parked failed cancelled expired succeeded other"},
			{tasks.Filter{Queue: "scraping"}, "other"},
			{tasks.Filter{User: "bob"}, "other"},
			{tasks.Filter{Kind: "scrape_c"}, "other"},
			{tasks.Filter{States: []tasks.State{tasks.StateParked}}, "parked"},
			{tasks.Filter{States: []tasks.State{tasks.StateBroken}}, "empty"},
			{tasks.Filter{States: []tasks.State{tasks.StateCancelled, tasks.StateHeld}}, "cancelled held"},
			{tasks.Filter{Since: time.Now().Add(-time.Hour), User: "ada"}, "waiting failed cancelled expired"},
			{tasks.Filter{Since: time.Now().Add(time.Hour)}, ""},
		} {
			for _, limit := range []int{1, 3, 100} {
				var got []string
				for after, pages := "", 0; ; pages++ {
					page, err := r.client.List(t.Context(), tc.filter, limit, after)
					if err != nil || len(page.Tasks) > limit || pages > 100 {
						t.Fatalf("%+v: %d tasks of %d, page %d, %v", tc.filter, len(page.Tasks), limit, pages, err)
					}
					for _, s := range page.Tasks {
						got = append(got, s.ID)
					}
					if after = page.Next; after == "" {
						break
					}
				}
				want := strings.Fields(tc.want)
				slices.Sort(got)
				slices.Sort(want)
				if !slices.Equal(got, want) {
					t.Errorf("%+v by %d: %v, want %v", tc.filter, limit, got, want)
				}
			}
		}
		names, more, err := r.client.Match(t.Context(), tasks.Filter{Queue: "agents", States: []tasks.State{tasks.StateFailed, tasks.StateExpired}})
		if err != nil || more || len(names) != 2 {
			t.Errorf("matches %v, %v, %v", names, more, err)
		}
	})
}

func TestAListingThatCannotBeSaysWhy(t *testing.T) {
	redistest.Run(t, func(t *testing.T, client redis.UniversalClient) {
		r := newRig(t, client, nil, handlers{"agent_a": nothing})
		for want, ask := range map[string]func() (tasks.Page, error){
			`unknown queue "fast": use one of agents, briefings, scraping, default`: func() (tasks.Page, error) {
				return r.client.List(t.Context(), tasks.Filter{Queue: "fast"}, 1, "")
			},
			`state "dead": use one of waiting, scheduled, held, running, retrying, parked, succeeded, failed, cancelled, expired, broken`: func() (tasks.Page, error) {
				return r.client.List(t.Context(), tasks.Filter{States: []tasks.State{"dead"}}, 1, "")
			},
			`limit 0: use 1 to 1000`:                                func() (tasks.Page, error) { return r.client.List(t.Context(), tasks.Filter{}, 0, "") },
			`after "x!": give what the page before says comes next`: func() (tasks.Page, error) { return r.client.List(t.Context(), tasks.Filter{}, 1, "x!") },
		} {
			if _, err := ask(); err == nil || err.Error() != want {
				t.Errorf("error %v, want %s", err, want)
			}
		}
	})
}

func TestATaskIsWaitedForUntilItHasEnded(t *testing.T) {
	redistest.Run(t, func(t *testing.T, client redis.UniversalClient) {
		r := newRig(t, client, nil, handlers{"agent_a": func(context.Context, *tasks.Task, note) (any, error) { return "done", nil }})
		r.Enqueue(note{As: "agent_a"}, tasks.Options{ID: "x"})
		ctx, cancel := context.WithTimeout(t.Context(), 10*time.Millisecond)
		defer cancel()
		if s, err := r.client.Wait(ctx, named("x")[0]); !errors.Is(err, context.DeadlineExceeded) || s.State != tasks.StateWaiting {
			t.Errorf("%s, %v", s.State, err)
		}
		if _, err := r.client.Wait(t.Context(), named("nobody")[0]); !errors.Is(err, ErrNotFound) {
			t.Errorf("nobody: %v", err)
		}
		r.start(lane.Options{Queue: routing.Agents, Concurrency: 1})
		if s, err := r.client.Wait(t.Context(), named("x")[0]); err != nil || s.State != tasks.StateSucceeded || string(s.Result) != `"done"` {
			t.Errorf("%+v, %v", s, err)
		}
	})
}

func TestAQueueIsPausedAndResumed(t *testing.T) {
	redistest.Run(t, func(t *testing.T, client redis.UniversalClient) {
		r := newRig(t, client, nil, handlers{"agent_a": nothing})
		ctx := t.Context()
		for i, change := range []func(context.Context, string) (bool, error){r.client.PauseQueue, r.client.PauseQueue} {
			if changed, err := change(ctx, "agents"); err != nil || changed != (i == 0) {
				t.Errorf("pause %d: %v, %v", i, changed, err)
			}
		}
		if info, err := asynq.NewInspectorFromRedisClient(r.Redis).GetQueueInfo("agents"); err == nil && !info.Paused {
			t.Error("asynq does not know that the queue is paused")
		}
		r.start(lane.Options{Queue: routing.Agents, Concurrency: 1, Poll: time.Hour})
		r.Enqueue(note{As: "agent_a"}, tasks.Options{ID: "x"})
		for i, want := range []bool{true, false} {
			if changed, err := r.client.ResumeQueue(ctx, "agents"); err != nil || changed != want {
				t.Errorf("resume %d: %v, %v", i, changed, err)
			}
		}
		r.Await("agents", "x", inState(tasks.StateSucceeded))
		if _, err := r.client.PauseQueue(ctx, "fast"); err == nil || err.Error() != `unknown queue "fast": use one of agents, briefings, scraping, default` {
			t.Errorf("pause fast: %v", err)
		}
	})
}

func TestARedisThatIsFullLetsTasksBeCancelledRunAndDeleted(t *testing.T) {
	server := redistest.Server(t)
	client := redistest.Client(t, server.Addr)
	r := newRig(t, client, nil, handlers{"agent_a": nothing})
	r.everyState()
	for _, setting := range [][2]string{{"maxmemory-policy", "noeviction"}, {"maxmemory", "1"}} {
		if err := client.ConfigSet(t.Context(), setting[0], setting[1]).Err(); err != nil {
			t.Fatal(err)
		}
	}
	for _, id := range []string{"waiting", "running"} {
		if h := r.cancel(id, ""); h.Err != nil {
			t.Error(h.Err)
		}
	}
	if h := r.client.Run(t.Context(), named("failed"))[0]; h.Err != nil {
		t.Error(h.Err)
	}
	if h := r.client.Delete(t.Context(), named("parked"))[0]; h.Err != nil {
		t.Error(h.Err)
	}
}
