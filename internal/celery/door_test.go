package celery

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/redis/go-redis/v9"
	"go.uber.org/goleak"
	"go.uber.org/zap/zaptest"

	"switchyard/internal/celery/broker"
	"switchyard/internal/celery/wire"
	"switchyard/internal/queue/format"
	"switchyard/internal/tasks"
	"switchyard/test/redistest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// clerk stands for the queues: it notes what is added.
type clerk struct {
	mu     sync.Mutex
	added  []tasks.New
	fail   error  // of what is added next
	before func() // is called before it is
	states map[string]tasks.State
	ended  []string
}

func (c *clerk) EnqueueMany(_ context.Context, all []tasks.New) []tasks.Added {
	if c.before != nil {
		c.before()
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	result := make([]tasks.Added, len(all))
	for i, one := range all {
		if c.fail != nil {
			result[i].Err = c.fail
			continue
		}
		c.added = append(c.added, one)
	}
	return result
}

func (c *clerk) States(_ context.Context, receipts []tasks.Receipt) ([]tasks.State, error) {
	states := make([]tasks.State, len(receipts))
	for i, r := range receipts {
		if r.Queue == "scraping" {
			states[i] = c.states[r.ID]
		}
	}
	return states, nil
}

func (c *clerk) List(context.Context, tasks.Filter, int, string) (tasks.Page, error) {
	return tasks.Page{}, nil
}

func (c *clerk) Cancel(_ context.Context, names []tasks.Name, _ tasks.Cancellation) ([]tasks.Handled, error) {
	all := make([]tasks.Handled, len(names))
	for i, name := range names {
		all[i].Name = name
		c.ended = append(c.ended, name.String())
	}
	return all, nil
}

// rig is a door in front of a clerk.
type rig struct {
	*Door
	*clerk
	client redis.UniversalClient
}

// route is what the application's routes say.
func route(task string) string {
	if strings.HasPrefix(task, "py.") {
		return "py"
	}
	return "celery"
}

func newRig(t *testing.T, client redis.UniversalClient, change func(*Options)) *rig {
	t.Helper()
	o := Options{
		Queues: []string{"scraping"}, DefaultQueue: "celery", PythonSuffix: ".py", Routes: map[string]string{"py.*": "py"}, Route: route,
		Kinds:      map[string]Kind{"app.echo": {Name: "scrape_echo", Queue: "scraping", Args: []string{"x"}, Percent: 100}},
		MaxMessage: 1 << 20, Node: "switchyard-1@here", Heartbeat: time.Minute, Slots: map[string]int{"scraping": 2}, ResultExpires: time.Hour,
	}
	if change != nil {
		change(&o)
	}
	c := &clerk{states: map[string]tasks.State{}}
	names := broker.Names{Separator: "\x06\x16", Steps: []int{0, 3, 6, 9}, FanoutPrefix: "/{db}."}
	d := New(o, Deps{
		Redis: client, Prefix: "test:", Broker: broker.New(client, names, "test:"), Backend: client, Queue: c, Tasks: c,
		Running: func() []tasks.Reply { return nil }, OurQueues: []string{"agents", "scraping"}, Metrics: NewMetrics(prometheus.NewRegistry()), Log: zaptest.NewLogger(t),
	})
	d.slots = o.Slots
	return &rig{d, c, client}
}

// send puts a message into a list as Celery's producers do.
func (r *rig) send(t *testing.T, list, id, task string, args ...string) {
	t.Helper()
	m := wire.Message{ID: id, Task: task, Kwargs: json.RawMessage("{}"), RoutingKey: "scraping"}
	for _, arg := range args {
		m.Args = append(m.Args, json.RawMessage(arg))
	}
	if err := r.client.LPush(t.Context(), list, m.Encode("tag-"+id)).Err(); err != nil {
		t.Fatal(err)
	}
}

// bring takes in what there is.
func (r *rig) bring(t *testing.T) {
	t.Helper()
	for {
		taken, _, err := r.takeIn(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		if taken == 0 {
			return
		}
	}
}

// length returns how long lists are.
func (r *rig) length(t *testing.T, lists ...string) (all []int64) {
	t.Helper()
	for _, list := range lists {
		all = append(all, r.client.LLen(t.Context(), list).Val())
	}
	return all
}

// meta returns the result of a task as its client reads it: its state and its exception.
func (r *rig) meta(t *testing.T, id string) string {
	t.Helper()
	text := r.client.Get(t.Context(), "celery-task-meta-"+id).Val()
	if text == "" {
		return "PENDING"
	}
	var m struct {
		Status string
		Result json.RawMessage
	}
	if err := json.Unmarshal([]byte(text), &m); err != nil {
		t.Fatal(err)
	}
	var e struct {
		Type    string   `json:"exc_type"`
		Message []string `json:"exc_message"`
	}
	if json.Unmarshal(m.Result, &e) == nil && e.Type != "" {
		return fmt.Sprintf("%s %s %s", m.Status, e.Type, strings.Join(e.Message, ""))
	}
	return m.Status + " " + string(m.Result)
}

func TestAMessageBecomesATaskOrGoesOnOrIsRefused(t *testing.T) {
	redistest.Single(t, func(t *testing.T, client redis.UniversalClient) {
		r := newRig(t, client, nil)
		r.send(t, "scraping", "good", "app.echo", `"hello"`)
		r.send(t, "scraping", "foreign", "app.other", `NaN`)
		r.send(t, "scraping\x06\x166", "urgent", "app.other")
		r.send(t, "scraping", "wrong", "app.echo", `1`, `2`)
		r.send(t, "scraping", "x/y z", "app.echo", `1`)
		client.LPush(t.Context(), "scraping", "no message", "")
		foreign := client.LRange(t.Context(), "scraping", 0, -1).Val()
		r.bring(t)
		if len(r.added) != 1 || r.added[0].Options.ID != "good" || !r.added[0].Options.Once {
			t.Errorf("added %+v", r.added)
		}
		if payload, _ := tasks.Encode(r.added[0].Args); string(payload) != `{"x":"hello"}` {
			t.Errorf("payload %s", payload)
		}
		if got := r.length(t, "scraping", "scraping\x06\x166", "test:celery:intake:scraping", "scraping.py", "scraping.py\x06\x166", "test:celery:dead"); !slices.Equal(got, []int64{0, 0, 0, 1, 1, 4}) {
			t.Errorf("lists %v", got)
		}
		if passed := client.LIndex(t.Context(), "scraping.py", 0).Val(); !slices.Contains(foreign, passed) {
			t.Errorf("passed on %q, which is none of what was sent", passed)
		}
		for id, want := range map[string]string{
			"good": "PENDING", "foreign": "PENDING", "wrong": "FAILURE TypeError app.echo() takes 1 positional arguments but 2 were given",
			"x/y z": `FAILURE ValueError task ID "x/y z": use at most 300 letters, digits and _.:@+-, starting with a letter or digit`,
		} {
			if got := r.meta(t, id); got != want {
				t.Errorf("%s: %s, want %s", id, got, want)
			}
		}
	})
}

func TestWhatCannotBeAddedStaysInTheIntake(t *testing.T) {
	redistest.Single(t, func(t *testing.T, client redis.UniversalClient) {
		r := newRig(t, client, nil)
		r.send(t, "scraping", "a", "app.echo", `1`)
		r.fail = errors.New("redis is away")
		if _, _, err := r.takeIn(t.Context()); err == nil {
			t.Fatal("it says that all is well")
		}
		if got := r.length(t, "scraping", "test:celery:intake:scraping"); !slices.Equal(got, []int64{0, 1}) {
			t.Errorf("lists %v", got)
		}
		r.fail, r.behind = nil, true // another looks at what was left behind
		r.bring(t)
		if got := r.length(t, "test:celery:intake:scraping"); len(r.added) != 1 || got[0] != 0 {
			t.Errorf("added %v, %d in the intake", r.added, got[0])
		}
	})
}

func TestAShareOfAKindIsPassedOnAndTheSameTaskAlwaysToTheSameSide(t *testing.T) {
	redistest.Single(t, func(t *testing.T, client redis.UniversalClient) {
		r := newRig(t, client, func(o *Options) {
			k := o.Kinds["app.echo"]
			k.Percent = 20
			o.Kinds["app.echo"] = k
		})
		const n = 500
		for range 2 {
			for i := range n {
				r.send(t, "scraping", fmt.Sprint("task-", i), "app.echo", `1`)
			}
			r.bring(t)
		}
		here := map[string]int{}
		for _, one := range r.added {
			here[one.Options.ID]++
		}
		if len(here) < n/10 || len(here) > n*3/10 {
			t.Errorf("%d of %d are performed here, of 20%%", len(here), n)
		}
		for id, times := range here {
			if times != 2 {
				t.Errorf("%s came %d times of 2", id, times)
			}
		}
		if got := r.length(t, "scraping.py")[0]; got != int64(2*(n-len(here))) {
			t.Errorf("%d were passed on, want %d", got, 2*(n-len(here)))
		}
	})
}

func TestRevokedAndExpiredMessagesNeverBecomeTasks(t *testing.T) {
	redistest.Single(t, func(t *testing.T, client redis.UniversalClient) {
		r := newRig(t, client, nil)
		if err := r.Revoke(t.Context(), []string{"gone"}, false); err != nil {
			t.Fatal(err)
		}
		r.send(t, "scraping", "gone", "app.echo", `1`)
		late := wire.Message{ID: "late", Task: "app.echo", Args: []json.RawMessage{[]byte("1")}, Kwargs: []byte("{}"), Expires: time.Now().Add(-time.Second)}
		client.LPush(t.Context(), "scraping", late.Encode("tag"))
		r.bring(t)
		if len(r.added) > 0 {
			t.Errorf("added %+v", r.added)
		}
		for id, want := range map[string]string{"gone": "REVOKED TaskRevokedError revoked", "late": "REVOKED TaskRevokedError expired"} {
			if got := r.meta(t, id); got != want {
				t.Errorf("%s: %s, want %s", id, got, want)
			}
		}
	})
}

func TestATaskThatIsRevokedWhileItIsAddedIsCancelled(t *testing.T) {
	redistest.Single(t, func(t *testing.T, client redis.UniversalClient) {
		r := newRig(t, client, nil)
		r.before = func() {
			if err := r.Revoke(t.Context(), []string{"x"}, false); err != nil {
				t.Error(err)
			}
			if len(r.ended) > 0 {
				t.Errorf("cancelled %v, which is not there yet", r.ended)
			}
			r.states["x"] = tasks.StateWaiting
		}
		r.send(t, "scraping", "x", "app.echo", `1`)
		r.bring(t)
		if !slices.Equal(r.ended, []string{"scraping/x"}) {
			t.Errorf("cancelled %v", r.ended)
		}
	})
}

func TestARevokedTaskIsCancelledUnlessItRunsAndIsNotToBeTerminated(t *testing.T) {
	redistest.Single(t, func(t *testing.T, client redis.UniversalClient) {
		r := newRig(t, client, nil)
		r.states = map[string]tasks.State{"waits": tasks.StateScheduled, "runs": tasks.StateRunning, "done": tasks.StateSucceeded}
		for range 3 { // each worker is told
			if err := r.Revoke(t.Context(), []string{"waits", "runs", "done", "no id"}, false); err != nil {
				t.Fatal(err)
			}
		}
		if !slices.Equal(r.ended, []string{"scraping/waits"}) {
			t.Errorf("cancelled %v", r.ended)
		}
		for range 3 {
			if err := r.Revoke(t.Context(), []string{"runs"}, true); err != nil {
				t.Fatal(err)
			}
		}
		if !slices.Equal(r.ended, []string{"scraping/waits", "scraping/runs"}) {
			t.Errorf("cancelled %v", r.ended)
		}
	})
}

// reply is what a lane has kept of a task, told long ago.
func (r *rig) reply(t *testing.T, id string, state tasks.State, change func(*tasks.Reply)) tasks.Reply {
	t.Helper()
	env, err := json.Marshal(envelope{Task: "app.echo", Queue: "scraping", Steps: wire.Steps{ID: id, Root: id}})
	if err != nil {
		t.Fatal(err)
	}
	reply := tasks.Reply{Queue: "scraping", Field: id + " 1 x", ID: id, Kind: "scrape_echo", Envelope: env, State: state, At: time.Now().Add(-time.Hour), Began: time.Now().Add(-time.Hour)}
	if change != nil {
		change(&reply)
	}
	text, err := json.Marshal(reply)
	if err != nil {
		t.Fatal(err)
	}
	r.client.HSet(t.Context(), format.RepliesKey("scraping"), reply.Field, text)
	return reply
}

func TestWhatWasLeftBehindIsToldAndAFinalResultIsNeverReplaced(t *testing.T) {
	redistest.Single(t, func(t *testing.T, client redis.UniversalClient) {
		r := newRig(t, client, nil)
		r.reply(t, "done", tasks.StateSucceeded, func(reply *tasks.Reply) { reply.Result = json.RawMessage(`{"n":1}`) })
		r.reply(t, "failed", tasks.StateFailed, func(reply *tasks.Reply) { reply.Error = "no" })
		r.reply(t, "limit", tasks.StateFailed, func(reply *tasks.Reply) { reply.Error, reply.Reason = "too long", tasks.ReasonHardLimit })
		r.reply(t, "gone", tasks.StateCancelled, nil)
		r.reply(t, "never", tasks.StateCancelled, func(reply *tasks.Reply) { reply.Began = time.Time{} })
		r.reply(t, "again", tasks.StateRetrying, func(reply *tasks.Reply) { reply.Error = "soon" })
		client.Set(t.Context(), "celery-task-meta-final", `{"result": 1, "status": "SUCCESS"}`, 0)
		r.reply(t, "final", tasks.StateFailed, func(reply *tasks.Reply) { reply.Error = "late" })
		client.HSet(t.Context(), format.RepliesKey("scraping"), "odd", "no reply")
		young := r.reply(t, "young", tasks.StateSucceeded, func(reply *tasks.Reply) { reply.At = time.Now() })
		if err := r.sweep(t.Context()); err != nil {
			t.Fatal(err)
		}
		for id, want := range map[string]string{
			"done": `SUCCESS {"n":1}`, "failed": "FAILURE RuntimeError no", "limit": "FAILURE TimeLimitExceeded too long", "gone": "REVOKED TaskRevokedError terminated",
			"never": "REVOKED TaskRevokedError revoked", "again": "RETRY RuntimeError soon", "final": "SUCCESS 1", "young": "PENDING",
		} {
			if got := r.meta(t, id); got != want {
				t.Errorf("%s: %s, want %s", id, got, want)
			}
		}
		if left := client.HKeys(t.Context(), format.RepliesKey("scraping")).Val(); !slices.Equal(left, []string{young.Field}) {
			t.Errorf("still to be told: %q", left)
		}
	})
}

func TestNextStepsAreSentOnceHoweverOftenAnEndIsTold(t *testing.T) {
	redistest.Single(t, func(t *testing.T, client redis.UniversalClient) {
		r := newRig(t, client, nil)
		next, err := wire.DecodeSignature([]byte(`{"task": "py.next", "args": [], "kwargs": {}, "options": {"task_id": "next"}, "subtask_type": null, "immutable": false}`))
		if err != nil {
			t.Fatal(err)
		}
		env, _ := json.Marshal(envelope{Task: "app.echo", Queue: "scraping", Steps: wire.Steps{ID: "first", Root: "first", Chain: []wire.Signature{next}}})
		reply := r.reply(t, "first", tasks.StateSucceeded, func(reply *tasks.Reply) { reply.Result, reply.Envelope = json.RawMessage("7"), env })
		for range 3 { // whoever told it was killed before it could say so
			if err := r.tell(t.Context(), []tasks.Reply{reply}); err != nil {
				t.Fatal(err)
			}
		}
		if got := r.length(t, "py"); got[0] != 1 {
			t.Fatalf("%d messages were sent", got[0])
		}
		m, err := wire.Decode([]byte(client.LIndex(t.Context(), "py", 0).Val()), 1<<20, time.Now())
		if err != nil || m.ID != "next" || m.Parent != "first" || len(m.Args) != 1 || string(m.Args[0]) != "7" {
			t.Errorf("%+v, %v", m, err)
		}
	})
}

func TestOnlyOneIsOnDutyAndAnotherTakesOver(t *testing.T) {
	redistest.Run(t, func(t *testing.T, client redis.UniversalClient) {
		one, two := newDuty(client, "test:", "one", map[string]int{"q": 2}), newDuty(client, "test:", "two", map[string]int{"q": 3})
		ask := func(d *duty) string {
			on, slots, err := d.ask(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			return fmt.Sprint(on, slots)
		}
		for i, c := range []struct {
			d    *duty
			want string
		}{{one, "true map[q:2]"}, {two, "false map[]"}, {one, "true map[q:5]"}} {
			if got := ask(c.d); got != c.want {
				t.Errorf("%d: %s, want %s", i, got, c.want)
			}
		}
		one.leave()
		if got := ask(two); got != "true map[q:3]" {
			t.Errorf("after one has left: %s", got)
		}
	})
}
