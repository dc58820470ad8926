package remote

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"switchyard/internal/audit"
	"switchyard/internal/tasks"
)

const exception = `{"exc_type": "ValueError", "exc_message": ["no", 3], "exc_module": "builtins"}`

func TestAnAttemptIsOneMessageAndEndsByItsResult(t *testing.T) {
	everywhere(t, func(r *rig) {
		r.worker()
		first := r.enqueue("report", `{"pages":12345678901234567890,"title":"ü","deep":{"a":[1,null]}}`)
		second := r.enqueue("report", `{"pages":1}`) // there is one slot
		one, two := r.take(reports), r.take(reports)
		if got := fmt.Sprintf("%s %s %s %s %s %d", one.Task, one.Args, one.Kwargs, one.Soft, one.Hard, one.Priority); got != `app.report [12345678901234567890 "ü"] {"deep":{"a":[1,null]}} 2m0s 3m0s 3` {
			r.t.Errorf("message %s", got)
		}
		if left := time.Until(one.Expires); left < 3*time.Minute || left > 4*time.Minute || one.RoutingKey != "reports.py" || one.IgnoreResult {
			r.t.Errorf("it expires in %s, goes to %q, ignores its result: %v", left, one.RoutingKey, one.IgnoreResult)
		}
		if s := r.is(first, tasks.StateParked); !strings.Contains(s.LastError, "task "+one.ID+" of queue reports.py") {
			r.t.Errorf("it is parked and says %q", s.LastError)
		}
		r.tell(two.ID, "SUCCESS", `null`)
		r.tell(one.ID, "SUCCESS", `{"done": "\u00fc"}`)
		if s := r.is(first, tasks.StateSucceeded); string(s.Result) != `{"done":"\u00fc"}` || s.Retried != 0 {
			r.t.Errorf("result %s, retried %d", s.Result, s.Retried)
		}
		if s := r.is(second, tasks.StateSucceeded); len(s.Result) != 0 {
			r.t.Errorf("result %s", s.Result)
		}
		r.none(reports)
		r.forgotten()
	})
}

func TestWhatAWorkerTellsIsTheProgressOfATaskThatIsParked(t *testing.T) {
	everywhere(t, func(r *rig) {
		r.worker()
		task := r.enqueue("report", `{}`)
		id := r.take(reports).ID
		r.is(task, tasks.StateParked)
		progress := func() string {
			s, _, _ := r.queue.Status(r.t.Context(), task.Queue, task.ID)
			return string(s.Progress)
		}
		r.tell(id, "STARTED", `{"pid": 7}`)
		r.await("STARTED", func() bool { return progress() == `{"info":{"pid":7},"state":"STARTED"}` })
		r.tell(id, "PROGRESS", `{"page": 2}`)
		r.await("PROGRESS", func() bool { return progress() == `{"page": 2}` })
		r.write(id, "RETRY", exception) // of which nobody hears
		r.await("RETRY", func() bool { return strings.Contains(progress(), `"state":"RETRY"`) })
		r.tell(id, "PROGRESS", `{"page": NaN}`)
		r.tell(id, "SUCCESS", `1`)
		r.is(task, tasks.StateSucceeded)
		if got := progress(); !strings.Contains(got, "RETRY") {
			r.t.Errorf("progress %s is no JSON", got)
		}
	})
}

func TestAFailureIsRetriedAsAnotherTaskOfCelery(t *testing.T) {
	everywhere(t, func(r *rig) {
		r.worker()
		task := r.enqueue("report", `{}`)
		first := r.take(reports).ID
		r.tell(first, "FAILURE", exception)
		r.tell(first, "FAILURE", exception) // it is told twice, and counts once
		second := r.take(reports).ID
		if first == second {
			r.t.Error("both attempts have the same id")
		}
		r.tell(first, "SUCCESS", `"late"`)
		r.tell(second, "FAILURE", `{"exc_type": "KeyError", "exc_message": "x"}`)
		if s := r.is(task, tasks.StateFailed); s.Retried != 1 || s.LastError != "attempt 2, the last: KeyError: x" {
			r.t.Errorf("retried %d: %s", s.Retried, s.LastError)
		}
		r.forgotten()
		if h := r.queue.Run(r.t.Context(), []tasks.Name{{Queue: task.Queue, ID: task.ID}})[0]; h.Err != nil { // by hand
			r.t.Fatal(h.Err)
		}
		third := r.take(reports).ID
		r.tell(third, "SUCCESS", `3`)
		if s := r.is(task, tasks.StateSucceeded); string(s.Result) != "3" {
			r.t.Errorf("result %s", s.Result)
		}
	})
}

func TestEachEndOfACallHasItsOutcome(t *testing.T) {
	everywhere(t, func(r *rig) {
		r.worker()
		revoked := func(why string) string {
			return `{"exc_type": "TaskRevokedError", "exc_message": ["` + why + `"], "exc_module": "celery.exceptions"}`
		}
		for _, c := range []struct {
			status, result string
			state          tasks.State
			says           string
		}{
			{"REVOKED", revoked("terminated"), tasks.StateCancelled, "was revoked there (terminated)"},
			{"REVOKED", revoked("expired"), "", "expired before a worker of Celery began it"},
			{"SUCCESS", `{"x": [NaN]}`, tasks.StateFailed, "result.x[0] is NaN, which JSON has no word for"},
			{"SUCCESS", `"\ud800"`, tasks.StateFailed, "half of a surrogate pair"},
			{"SUCCESS", `"` + strings.Repeat("x", maxMeta) + `"`, tasks.StateFailed, "more than 4 MiB"},
			{"SUCCESS", `"` + strings.Repeat("x", 2<<20) + `"`, tasks.StateFailed, "bytes, at most 1048576 are kept"},
		} {
			task := r.enqueue("report", `{}`)
			r.tell(r.take(reports).ID, c.status, c.result)
			if c.state == "" { // it is retried
				r.tell(r.take(reports).ID, c.status, c.result)
				c.state = tasks.StateFailed
			}
			if s := r.is(task, c.state); !strings.Contains(s.LastError, c.says) {
				r.t.Errorf("%s: %.200s", c.says, s.LastError)
			}
		}
		task := r.enqueue("report", `{}`)
		key := "celery-task-meta-" + r.take(reports).ID
		r.celery.LPush(r.t.Context(), key, "x")
		if s := r.is(task, tasks.StateFailed); !strings.Contains(s.LastError, key+" in the backend of Celery is no string") {
			r.t.Errorf("it says %s", s.LastError)
		}
	})
}

func TestAResultThatNobodyHeardOfIsFoundByAnotherWorker(t *testing.T) {
	everywhere(t, func(r *rig) {
		stop := r.worker()
		task := r.enqueue("report", `{}`)
		id := r.take(reports).ID
		r.is(task, tasks.StateParked)
		stop()
		r.tell(id, "SUCCESS", `"found"`)
		r.ours.HSet(r.t.Context(), "switchyard:celery:awaited", "default/odd", "no call", "odd", `{"id": 7}`)
		r.worker()
		if s := r.is(task, tasks.StateSucceeded); string(s.Result) != `"found"` {
			r.t.Errorf("result %s", s.Result)
		}
		r.none(reports)
		r.forgotten()
	})
}

func TestATaskThatIsCancelledOrDeletedEndsInCelery(t *testing.T) {
	everywhere(t, func(r *rig) {
		r.worker()
		name := func(task tasks.Receipt) tasks.Name { return tasks.Name{Queue: task.Queue, ID: task.ID} }
		first, second := r.enqueue("report", `{}`), r.enqueue("report", `{}`)
		one, two := r.take(reports).ID, r.take(reports).ID
		r.is(first, tasks.StateParked)
		r.is(second, tasks.StateParked)
		if _, err := r.queue.Cancel(r.t.Context(), []tasks.Name{name(first)}, tasks.Cancellation{By: "a test"}); err != nil {
			r.t.Fatal(err)
		}
		r.terminated(one)
		r.is(first, tasks.StateCancelled)
		if h := r.queue.Delete(r.t.Context(), []tasks.Name{name(second)})[0]; h.Err != nil {
			r.t.Fatal(h.Err)
		}
		r.terminated(two)
		r.forgotten()
		r.terminated(two) // again, for workers that have just started
	})
}

func TestThePausedUsersTaskIsEndedInCeleryAndSentAgainOnceResumed(t *testing.T) {
	everywhere(t, func(r *rig) {
		r.worker()
		task := r.enqueue("agent_miner", `{"user":"ada","input":{"depth":3}}`)
		m := r.take(mine)
		if got := fmt.Sprintf("%s %s", m.Args, m.Kwargs); got != `["ada"] {"depth":3}` {
			r.t.Errorf("arguments %s", got)
		}
		other := r.enqueue("agent_miner", `{"user":"bob","input":{}}`)
		bobs := r.take(mine).ID
		by := audit.Actor{Name: "a test", Via: audit.Command}
		if _, err := r.operator().Pause(r.t.Context(), "ada", by); err != nil {
			r.t.Fatal(err)
		}
		r.terminated(m.ID)
		r.await("the task parked by the brake", func() bool {
			s := r.is(task, tasks.StateParked)
			return strings.Contains(s.LastError, "the agents of ada are paused")
		})
		r.tell(m.ID, "REVOKED", `{"exc_type": "TaskRevokedError", "exc_message": ["terminated"]}`)
		r.tell(bobs, "SUCCESS", `"bob"`)
		r.is(other, tasks.StateSucceeded)
		r.none(mine)
		if resumed, err := r.operator().Resume(r.t.Context(), "ada", by); err != nil || len(resumed.Tasks) != 1 {
			r.t.Fatalf("resumed %+v, %v", resumed, err)
		}
		again := r.take(mine).ID
		r.tell(again, "SUCCESS", `"ada"`)
		if s := r.is(task, tasks.StateSucceeded); string(s.Result) != `"ada"` || s.Retried != 0 || again == m.ID {
			r.t.Errorf("result %s, retried %d, id %s", s.Result, s.Retried, again)
		}
	})
}
