package wire

import (
	"encoding/json"
	"fmt"
	"reflect"
	"strings"
	"testing"
)

// tasks writes signatures of task j with these tags, with a comma between two.
func tasksOf(tags string) string {
	var sigs []string
	for _, tag := range strings.Fields(tags) {
		sigs = append(sigs, `{"task": "j", "kwargs": {"tag": "`+tag+`"}}`)
	}
	return strings.Join(sigs, ", ")
}

func canvasOf(task, tasks string) string {
	return `{"task": "celery.` + task + `", "kwargs": {"tasks": [` + tasks + `]}}`
}

func chordOf(header, body string) string {
	return `{"task": "celery.chord", "kwargs": {"kwargs": {}, "header": [` + header + `], "body": ` + body + `}}`
}

// resultsHere performs task o with what follows it, and returns the results of all tasks.
func resultsHere(t *testing.T, follows string) map[string]string {
	t.Helper()
	m, err := Decode(envelopeOf(`{"task": "j", "id": "i"}`, `[[], {"tag": "o"}, {"callbacks": [`+follows+`]}]`), limitOfTests, noon)
	if err != nil {
		t.Fatal(err)
	}
	results := map[string]string{}
	for _, raw := range perform(t, []Send{{Message: m}}, map[string]int{}).metas {
		var meta struct {
			Status string
			Kwargs struct{ Tag string }
			Result json.RawMessage
		}
		if err := json.Unmarshal(raw, &meta); err != nil {
			t.Fatal(err)
		}
		results[meta.Kwargs.Tag] = meta.Status + strings.NewReplacer(`"`, "", " ", "").Replace(string(meta.Result))
	}
	return results
}

// Celery's worker hangs here if it has one process: it waits for the result that it is about
// to write.
func TestAGroupWithinAPartOfAChordIsNestedInItsResults(t *testing.T) {
	part := canvasOf("chain", tasksOf("a")+", "+canvasOf("group", tasksOf("b c")))
	got := resultsHere(t, chordOf(part+", "+tasksOf("d"), tasksOf("f")))
	if want := "SUCCESS[f,[[[b,[a,[o]]],[c,[a,[o]]]],[d,[o]]]]"; got["f"] != want {
		t.Errorf("f: %s, want %s", got["f"], want)
	}
}

func TestAGroupWithinAPartOfAChordHasAnIDOfItsOwn(t *testing.T) {
	part := canvasOf("chain", tasksOf("a")+", "+canvasOf("group", tasksOf("b c")))
	plan, err := End(stepsOf(t, `{"callbacks": [`+chordOf(part, tasksOf("f"))+`]}`), succeeded("1"))
	if err != nil {
		t.Fatal(err)
	}
	inner := plan.Sends[0].Message.Chain[0].Options
	if id, outer := text(inner.Get("task_id")), text(inner.Get("group_id")); id == "" || outer != plan.Sizes[0].Group || id == outer {
		t.Errorf("the group %q is in %q", id, outer)
	}
}

// A Python producer gives the inner group the id of the outer one.
func TestAGroupWithinAPartOfAChordDoesNotChangeItsSize(t *testing.T) {
	const in = `"options": {"task_id": "%s", "group_id": "outer", "chord": {"task": "body"}}`
	tasks := fmt.Sprintf(`{"task": "a", `+in+`}, {"task": "b", `+in+`}`, "1", "2")
	plan, err := End(stepsOf(t, `{"chain": [{"task": "celery.group", `+fmt.Sprintf(in, "outer")+`, "kwargs": {"tasks": [`+tasks+`]}}]}`), succeeded("1"))
	if err != nil || len(plan.Sizes) != 0 || len(plan.Sends) != 2 || plan.Sends[1].Message.Group != "outer" || plan.Sends[1].Message.Chord.Task != "body" {
		t.Errorf("%+v, %v", plan, err)
	}
}

func TestAChordWaitsForEachTaskOfABodyWithinIt(t *testing.T) {
	inner := chordOf(tasksOf("a"), canvasOf("group", tasksOf("b c")))
	got := resultsHere(t, chordOf(inner+", "+tasksOf("d"), tasksOf("f")))
	if want := "SUCCESS[f,[[[b,[[a,[o]]]],[c,[[a,[o]]]]],[d,[o]]]]"; got["f"] != want {
		t.Errorf("f: %s, want %s", got["f"], want)
	}
}

func TestAPlanNeverLeavesAChordWaitingForWhatWillNotRun(t *testing.T) {
	outer := `"options": {"group_id": "h", "group_index": 1, "chord": {"task": "outer"}, "chain": [{"task": "z", "options": {"task_id": "z"}}]}, `
	frozen := func(id string) string {
		return `{"task": "j", "options": {"task_id": "` + id + `", "group_id": "inner", "chord": {"task": "b"}}}`
	}
	simple := func(id string) string { return `{"task": "j", "options": {"task_id": "` + id + `"}}` }
	for element, want := range map[string]string{
		`{` + outer + chordOf(frozen("a"), simple("b"))[1:]:               "metas a b z parts h/b/outer",
		`{` + outer + canvasOf("chain", simple("a")+", "+simple("b"))[1:]: "metas a b z parts h/b/outer",
		`{` + outer + canvasOf("group", simple("a")+", "+simple("b"))[1:]: "metas a z b z parts h/a/outer h/b/outer",
	} {
		plan, err := End(stepsOf(t, `{"chain": [`+element+`]}`), failed("boom"))
		if err != nil {
			t.Fatal(err)
		}
		got := "metas"
		for _, m := range plan.Metas {
			got += " " + m.ID
		}
		got += " parts"
		for _, part := range plan.Parts {
			got += fmt.Sprintf(" %s/%s/%s", part.Group, part.ID, part.Steps.Chord.Task)
		}
		if got != want {
			t.Errorf("%s: %s, want %s", element, got, want)
		}
	}
}

func TestHeadersOfASignatureDoNotReplaceThoseOfCelery(t *testing.T) {
	plan, err := End(stepsOf(t, `{"callbacks": [{"task": "a", "options": {"task_id": "1", "headers": {"id": "2", "task": "evil", "tenant": "t"}}}]}`), succeeded("1"))
	if err != nil {
		t.Fatal(err)
	}
	m := again(t, plan.Sends[0].Message)
	if m.ID != "1" || m.Task != "a" || !reflect.DeepEqual(m.Extra, Object{{"tenant", []byte(`"t"`)}}) {
		t.Errorf("%+v", m)
	}
}

func TestAMessageOfNoCanvasIsItsOwnRoot(t *testing.T) {
	if m := again(t, Message{ID: "i", Task: "t"}); m.Root != "i" || m.CorrelationID != "i" || m.KwargsRepr != "{}" || m.ArgsRepr != "()" {
		t.Errorf("%+v", m)
	}
}
