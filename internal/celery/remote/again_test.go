package remote

import (
	"errors"
	"strings"
	"testing"
	"time"

	"switchyard/internal/rights"
	"switchyard/internal/tasks"
	"switchyard/test/redistest"
)

// kept returns what is kept of the call of a task.
func (r *rig) kept(task tasks.Receipt) kept {
	r.t.Helper()
	k, err := (&calls{r.ours, "switchyard:celery:awaited"}).load(r.t.Context(), tasks.Name{Queue: task.Queue, ID: task.ID})
	if err != nil || k.ID == "" {
		r.t.Fatalf("call %+v, %v", k, err)
	}
	return k
}

// change changes the call of a task once its sender has noted that it is sent.
func (r *rig) change(task tasks.Receipt, change func(*call)) {
	r.t.Helper()
	r.await("the call sent", func() bool { return r.kept(task).Sent })
	was := r.kept(task)
	next := was.call
	change(&next)
	if _, err := (&calls{r.ours, "switchyard:celery:awaited"}).replace(r.t.Context(), tasks.Name{Queue: task.Queue, ID: task.ID}, was, next); err != nil {
		r.t.Fatal(err)
	}
}

// rerun has a task that is parked go on.
func (r *rig) rerun(task tasks.Receipt) {
	r.t.Helper()
	if fate, err := r.queue.Unpark(r.t.Context(), task.Queue, task.ID); err != nil || fate != tasks.GoesOn {
		r.t.Fatalf("unpark: %v, %v", fate, err)
	}
}

func TestAMessageIsSentOnceThoughItsSenderIsKilledBeforeItSaysSo(t *testing.T) {
	everywhere(t, func(r *rig) {
		stop := r.worker()
		task := r.enqueue("report", `{}`)
		id := r.take(reports).ID
		r.is(task, tasks.StateParked)
		stop()
		r.change(task, func(c *call) { c.Sent = false })
		r.rerun(task)
		r.worker()
		r.await("the call sent", func() bool { return r.kept(task).Sent })
		r.is(task, tasks.StateParked)
		r.none(reports)
		r.tell(id, "SUCCESS", `1`)
		r.is(task, tasks.StateSucceeded)
	})
}

func TestAMessageIsSentThoughItsSenderIsKilledBeforeIt(t *testing.T) {
	everywhere(t, func(r *rig) {
		task := r.enqueue("report", `{}`)
		key := r.broker.List("reports.py", 3)
		r.celery.Set(r.t.Context(), key, "no list", 0) // as good as a broker that is away
		r.worker()
		s := r.is(task, tasks.StateParked)
		if !strings.Contains(s.LastError, "not sent to Celery yet") || s.Retried != 0 || r.kept(task).Sent {
			r.t.Errorf("retried %d: %s", s.Retried, s.LastError)
		}
		id := r.kept(task).ID
		r.celery.Del(r.t.Context(), key)
		r.rerun(task)
		if got := r.take(reports).ID; got != id {
			r.t.Errorf("sent as %s, want %s", got, id)
		}
	})
}

func TestACallWithoutAResultInTimeIsRevokedAndTriedAgain(t *testing.T) {
	everywhere(t, func(r *rig) {
		r.worker()
		task := r.enqueue("report", `{}`)
		first := r.take(reports).ID
		r.is(task, tasks.StateParked)
		r.change(task, func(c *call) { c.Due = time.Now().UnixMilli() })
		r.terminated(first)
		second := r.take(reports).ID
		r.tell(first, "SUCCESS", `"late"`)
		r.change(task, func(c *call) { c.Due = time.Now().UnixMilli() })
		r.terminated(second)
		if s := r.is(task, tasks.StateFailed); s.Retried != 1 || !strings.Contains(s.LastError, "no result of task "+second+" of Celery within 3m0s and 1m0s beyond") {
			r.t.Errorf("retried %d: %s", s.Retried, s.LastError)
		}
	})
}

func TestAnotherTaskOfTheSameIDIsAnotherCall(t *testing.T) {
	everywhere(t, func(r *rig) {
		stop := r.worker()
		named := func(o *tasks.Options) { o.ID = "nightly" }
		task := r.enqueue("report", `{"pages":1}`, named)
		first := r.take(reports).ID
		r.is(task, tasks.StateParked)
		stop()
		if h := r.queue.Delete(r.t.Context(), []tasks.Name{{Queue: task.Queue, ID: task.ID}})[0]; h.Err != nil {
			r.t.Fatal(h.Err)
		}
		r.enqueue("report", `{"pages":2}`, named)
		r.worker()
		r.terminated(first)
		r.tell(first, "SUCCESS", `1`)
		r.tell(r.take(reports).ID, "SUCCESS", `2`)
		if s := r.is(task, tasks.StateSucceeded); string(s.Result) != "2" {
			r.t.Errorf("result %s", s.Result)
		}
	})
}

func TestAnEndIsToldAgainOnlyToTheAttemptThatWasLostWithItsWorker(t *testing.T) {
	c := call{Run: "run", ID: "x", Over: &over{Error: "no", Ended: hopeless, Attempt: 2}}
	for what, test := range map[string]struct {
		task tasks.Task
		want bool
	}{
		"lost":          {tasks.Task{Run: "run", Attempt: 3, Losses: 1}, true},
		"retried":       {tasks.Task{Run: "run", Attempt: 3}, false},
		"run by hand":   {tasks.Task{Run: "run", Attempt: 2}, false},
		"lost later":    {tasks.Task{Run: "run", Attempt: 4, Losses: 1}, false},
		"another's run": {tasks.Task{Run: "another", Attempt: 3, Losses: 1}, false},
	} {
		if got := c.tells(&test.task); got != test.want {
			t.Errorf("%s: told %t, want %t", what, got, test.want)
		}
	}
	if err := c.Over.err(); !tasks.IsPermanent(err) || err.Error() != "no" {
		t.Errorf("error %v", err)
	}
	if err := (over{Error: "no", Ended: cancelled}).err(); !errors.Is(err, tasks.ErrCancelled) {
		t.Errorf("error %v", err)
	}
}

func TestAPayloadThatMakesNoArgumentsIsRefused(t *testing.T) {
	for _, c := range []struct{ kind, payload, says string }{
		{"report", `[1]`, `payload "[1]" is not a JSON object`},
		{"report", `{"title":"x"}`, `payload has the positional argument "title", and not "pages" before it`},
		{"agent_miner", `{"input":{}}`, `field "user" is empty`},
		{"agent_miner", `{"user":"ada","input":[1]}`, `payload input is [1]: send an object`},
		{"agent_miner", `{"user":"ada","input":{"user_id":1}}`, `has the argument "user_id" twice`},
		{"agent_miner", `{"user":"ada","depth":1,"input":{"depth":2}}`, `has the argument "depth" twice`},
	} {
		if err := kinds[c.kind].Define(c.kind).Check([]byte(c.payload)); err == nil || !strings.Contains(err.Error(), c.says) {
			t.Errorf("%s %s: %v, want %s", c.kind, c.payload, err, c.says)
		}
	}
	input := Kind{Args: []string{"request"}, Input: "request"}
	args, kwargs, err := input.arguments([]byte(`{"input":{"a":1},"b":2}`))
	if err != nil || string(args[0]) != `{"a":1}` || string(kwargs) != `{"b":2}` {
		t.Errorf("arguments %s %s, %v", args, kwargs, err)
	}
}

func TestTheLeastUserOfRedisSuffices(t *testing.T) {
	server := redistest.Server(t)
	needs := rights.Needs{
		Prefix: "switchyard:", Celery: []string{"reports.py*", "celery-task-meta-*"}, Channels: []string{"celery-task-meta-*", "/*.celery.pidbox"},
	}
	least := redistest.Connect(t, redistest.User(t, server.Addr, "yard", needs.Rules()...))
	r := newRig(t, least, least)
	r.worker()
	task, cancelled := r.enqueue("report", `{}`), r.enqueue("report", `{}`)
	r.celery = redistest.Client(t, server.Addr) // Celery's workers may do more
	r.tell(r.take(reports).ID, "SUCCESS", `1`)
	r.is(task, tasks.StateSucceeded)
	id := r.take(reports).ID
	r.is(cancelled, tasks.StateParked)
	if _, err := r.queue.Cancel(t.Context(), []tasks.Name{{Queue: cancelled.Queue, ID: cancelled.ID}}, tasks.Cancellation{By: "a test"}); err != nil {
		t.Fatal(err)
	}
	r.terminated(id)
	r.forgotten()
}

func TestAWorkerThatWasHeldUpDoesNotChangeTheCallOfAnother(t *testing.T) {
	everywhere(t, func(r *rig) {
		s := &calls{r.ours, "switchyard:celery:awaited"}
		name := tasks.Name{Queue: "default", ID: "one"}
		first, err := s.replace(r.t.Context(), name, kept{}, call{ID: "1", Run: "run"})
		if err != nil {
			r.t.Fatal(err)
		}
		if _, err := s.replace(r.t.Context(), name, first, call{ID: "2", Run: "run"}); err != nil {
			r.t.Fatal(err)
		}
		for _, was := range []kept{first, {}} {
			if _, err := s.replace(r.t.Context(), name, was, call{ID: "3"}); !errors.Is(err, errTaken) {
				r.t.Errorf("replaced: %v", err)
			}
			if err := s.remove(r.t.Context(), name.String(), was); !errors.Is(err, errTaken) {
				r.t.Errorf("removed: %v", err)
			}
		}
		if got := r.ours.HGet(r.t.Context(), s.key, name.String()).Val(); !strings.Contains(got, `"id":"2"`) {
			r.t.Errorf("kept %s", got)
		}
	})
}
