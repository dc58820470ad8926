package wire

import (
	"encoding/json"
	"fmt"
	"reflect"
	"strings"
	"testing"
)

func stepsOf(t testing.TB, embed string) Steps {
	t.Helper()
	m, err := Decode(envelopeOf(`{"task": "t", "id": "i", "root_id": "r", "group": "g", "group_index": 2}`, `[[], {}, `+embed+`]`), 64<<20, noon)
	if err != nil {
		t.Fatal(err)
	}
	return m.Steps()
}

func succeeded(result string) Outcome {
	return Outcome{State: Success, Result: json.RawMessage(result), At: noon}
}

func failed(message string) Outcome {
	return Outcome{State: Failure, Result: Failed{Exception: ValueError, Messages: []string{message}}.Result(), Traceback: "here", At: noon}
}

func sentTasks(plan Plan) string {
	var tasks []string
	for _, s := range plan.Sends {
		tasks = append(tasks, s.Message.Task+string(appendList(nil, s.Message.Args)))
	}
	return strings.Join(tasks, " ")
}

func TestTheSameEndMakesTheSamePlan(t *testing.T) {
	steps := stepsOf(t, `{"callbacks": [{"task": "celery.group", "subtask_type": "group", "kwargs": {"tasks": [{"task": "a"}, {"task": "b"}]}}, {"task": "c"}]}`)
	first, err := End(steps, succeeded("1"))
	if err != nil {
		t.Fatal(err)
	}
	second, _ := End(steps, succeeded("1"))
	if !reflect.DeepEqual(first, second) {
		t.Errorf("%+v\n%+v", first, second)
	}
	seen := map[string]bool{}
	for _, s := range first.Sends {
		seen[s.Message.ID] = true
	}
	steps.ID = "other"
	third, _ := End(steps, succeeded("1"))
	for _, s := range third.Sends {
		seen[s.Message.ID] = true
	}
	if len(seen) != 6 {
		t.Errorf("two ends with three tasks each make %d ids", len(seen))
	}
}

func TestWhatFollowsASuccessButCannotBeSentFailsTheTask(t *testing.T) {
	for embed, why := range map[string]string{
		`"callbacks": [{"task": "a"}, {"task": "b", "options": {"countdown": "x"}}]`:        `b: options.countdown is "x": send seconds, at most 1000000000`,
		`"chain": [{"task": "celery.chord", "kwargs": {"header": []}}]`:                     "chain[0].kwargs.body is missing: send an object",
		`"chain": [{"task": "celery.group", "kwargs": {"tasks": [{"task": "a"}, {}]}}]`:     "chain[0].kwargs.tasks[1].task is missing: name the task",
		`"chain": [{"task": "celery.chain", "subtask_type": "chain"}]`:                      "chain[0].kwargs.tasks is missing: send a list",
		`"callbacks": [{"task": "a", "options": {"chord": 5}}]`:                             "a: options.chord is 5: send an object",
		`"callbacks": [{"task": "a", "options": {"headers": 5}}]`:                           "a: options.headers is 5: send an object",
		`"callbacks": [{"task": "a", "options": {"task_id": 5, "eta": "never"}}]`:           "a: options.task_id is 5: send a text",
		`"callbacks": [{"task": "group", "subtask_type": "group", "kwargs": {"tasks": 5}}]`: "callbacks[0].kwargs.tasks is 5: send a list",
	} {
		plan, err := End(stepsOf(t, `{`+embed+`, "errbacks": [{"task": "e"}], "chord": {"task": "body"}}`), succeeded("1"))
		if want := "send what follows task i: " + why; err == nil || !strings.HasPrefix(err.Error(), want) {
			t.Errorf("%s: %v\nwant %s", embed, err, want)
		}
		if got := sentTasks(plan); got != `e["i"]` {
			t.Errorf("%s: sent %s", embed, got)
		}
		if len(plan.Parts) != 1 || plan.Parts[0].State != Failure || plan.Outcome.State != Failure || !strings.Contains(string(plan.Outcome.Result), "send what follows") {
			t.Errorf("%s: %+v", embed, plan)
		}
	}
}

func TestAResultThatIsNoJSONFailsTheTask(t *testing.T) {
	plan, err := End(stepsOf(t, `{"callbacks": [{"task": "a"}], "chord": {"task": "own"}}`), succeeded(`{"a": 1}]`))
	if err == nil || err.Error() != "send what follows task i: the result is not JSON: more follows after the end of the value at byte 8" {
		t.Error(err)
	}
	if len(plan.Sends) != 0 || len(plan.Parts) != 1 || plan.Parts[0].State != Failure {
		t.Errorf("%+v", plan)
	}
}

func TestACanvasWithoutEndIsRefused(t *testing.T) {
	many := strings.Repeat(`{"task": "a"}, `, maxSignatures) + `{"task": "a"}`
	steps := stepsOf(t, `{"chain": [{"task": "celery.group", "kwargs": {"tasks": [`+many+`]}}]}`)
	plan, err := End(steps, succeeded("1"))
	if err == nil || !strings.Contains(err.Error(), "the canvas has more than 10000 tasks: send it in parts") || len(plan.Sends) != 0 {
		t.Errorf("%d messages, %v", len(plan.Sends), err)
	}
	some := strings.Repeat(`{"task": "a"}, `, 99) + `{"task": "a"}`
	large := `{"task": "celery.chord", "kwargs": {"header": [` + some + `], "body": {"task": "b", "args": ["` + strings.Repeat("x", 1<<20) + `"]}}}`
	plan, err = End(stepsOf(t, `{"chain": [`+large+`]}`), succeeded("1"))
	if err == nil || !strings.Contains(err.Error(), "the messages of the canvas are larger than 64 MiB: pass references to what is large") || len(plan.Sends) != 0 {
		t.Errorf("%d messages, %v", len(plan.Sends), err)
	}
}

// A chain of groups would hold each body within each task of the header before it, and so on.
func TestAChainOfGroupsGrowsWithItsLengthOnly(t *testing.T) {
	const length = 30
	steps := strings.Repeat(`{"task": "celery.group", "kwargs": {"tasks": [{"task": "a"}, {"task": "b"}, {"task": "c"}]}}, `, length) + `{"task": "z"}`
	plan, err := End(stepsOf(t, `{"callbacks": [{"task": "celery.chain", "kwargs": {"tasks": [`+steps+`]}}]}`), succeeded("1"))
	if err != nil || len(plan.Sends) != 3 {
		t.Fatalf("%d messages, %v", len(plan.Sends), err)
	}
	if size := len(plan.Sends[0].Message.Encode("tag")); size > 80_000 {
		t.Errorf("the first message has %d bytes", size)
	}
}

func TestARevokedTaskEndsItsChainAndItsChordButCallsNoErrback(t *testing.T) {
	steps := stepsOf(t, `{"chain": [{"task": "b", "options": {"task_id": "2", "group_id": "h", "group_index": 1, "chord": {"task": "body"}}}, {"task": "a", "options": {"task_id": "1"}}],
		"errbacks": [{"task": "e"}], "chord": {"task": "own"}}`)
	plan, err := End(steps, Outcome{State: Revoked, Result: Revocation("terminated").Result(), At: noon})
	if err != nil || len(plan.Sends) != 0 {
		t.Fatalf("sent %s, %v", sentTasks(plan), err)
	}
	var said []string
	for _, m := range plan.Metas {
		said = append(said, m.ID+" "+m.Status)
	}
	for _, part := range plan.Parts {
		said = append(said, fmt.Sprintf("%s %s %d %s %s", part.Group, part.ID, *part.Index, part.Encode(), part.Steps.Chord.Task))
	}
	const exception = `{"exc_type": "TaskRevokedError", "exc_message": ["terminated"], "exc_module": "celery.exceptions"}`
	want := []string{"2 REVOKED", "1 REVOKED", `g i 2 [1, "i", "REVOKED", ` + exception + `] own`, `h 2 1 [1, "2", "REVOKED", ` + exception + `] body`}
	if !reflect.DeepEqual(said, want) {
		t.Errorf("%q\nwant %q", said, want)
	}
}

func TestNothingFollowsAStateThatIsNotFinal(t *testing.T) {
	steps := stepsOf(t, `{"callbacks": [{"task": "a"}], "errbacks": [{"task": "e"}], "chord": {"task": "own"}}`)
	for _, state := range []string{Retry, Started, "PROGRESS"} {
		if plan, err := End(steps, Outcome{State: state}); err != nil || len(plan.Sends)+len(plan.Parts)+len(plan.Metas) > 0 {
			t.Errorf("%s: %+v, %v", state, plan, err)
		}
	}
}

func TestABrokenErrbackDoesNotStopTheOthers(t *testing.T) {
	steps := stepsOf(t, `{"errbacks": [{"task": "celery.chord"}, {"task": "e", "immutable": true, "args": [1]}], "chord": {"task": "own"}}`)
	plan, err := End(steps, failed("boom"))
	if want := "end what followed task i: errbacks[0].kwargs.header is missing: send a list"; err == nil || err.Error() != want {
		t.Errorf("%v, want %s", err, want)
	}
	if sentTasks(plan) != "e[1]" || len(plan.Parts) != 1 {
		t.Errorf("%+v", plan)
	}
}

func TestPriorityIsInheritedOnlyIfItIsGiven(t *testing.T) {
	steps := stepsOf(t, `{"callbacks": [{"task": "a", "options": {"priority": 3}}]}`)
	for inherited, want := range map[*int]int{nil: 3, new(7): 7} {
		steps.Priority = inherited
		if plan, err := End(kept(t, steps), succeeded("1")); err != nil || plan.Sends[0].Message.Priority != want {
			t.Errorf("priority %d, %v, want %d", plan.Sends[0].Message.Priority, err, want)
		}
	}
}

func TestABodyGetsResultsAsTheSavedGroupNestsThem(t *testing.T) {
	last := Part{ID: "c", Group: "g", State: Success, Steps: stepsOf(t, `{"chord": {"task": "body"}}`)}
	parts := []Part{{ID: "a", State: Success, Result: []byte("1")}, {ID: "b", State: Success, Result: []byte("NaN")}, {ID: "c", State: Success, Result: []byte("3")}}
	saved := []byte(`{"result": [["g", null], [[["h", null], [[["a", null], null], [["b", null], null]]], [["c", [["z", null], null]], null]]]}`)
	for want, saved := range map[string]json.RawMessage{"body[[1, NaN, 3]]": nil, "body[[[1, NaN], 3]]": saved} {
		if plan, err := Body(last, parts, saved, noon); err != nil || sentTasks(plan) != want {
			t.Errorf("%s, %v, want %s", sentTasks(plan), err, want)
		}
	}
	last.Steps.Chord.Options = Object{{"task_id", quote("end")}}
	plan, err := Body(last, parts[1:], saved, noon)
	if err != nil || len(plan.Metas) != 1 || plan.Metas[0].ID != "end" || !strings.Contains(string(plan.Metas[0].Result), `Join error: no part has the result of [\"a\", null]`) {
		t.Errorf("%+v, %v", plan, err)
	}
}
