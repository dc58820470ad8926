package wire

import (
	"encoding/json"
	"fmt"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// A canvas is performed here with the plans of this package, from the messages that a
// producer sent. A recorded Python worker got the same messages and wrote the same results.
func TestACanvasIsPerformedAsAPythonWorkerDoes(t *testing.T) {
	files, err := os.ReadDir("testdata/canvas")
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range files {
		name := strings.TrimSuffix(file.Name(), ".jsonl")
		t.Run(name, func(t *testing.T) {
			python := recording(t, "canvas/"+file.Name())
			here := perform(t, python.sent(), python.sizes)
			var differs []string
			for _, line := range missing(python.said(), here.said()) {
				differs = append(differs, "- "+line)
			}
			for _, line := range missing(here.said(), python.said()) {
				differs = append(differs, "+ "+line)
			}
			if want := differences(t)[name]; !slices.Equal(differs, want) {
				t.Errorf("only a Python worker (-) or only here (+):\n%s\nwant\n%s", strings.Join(differs, "\n"), strings.Join(want, "\n"))
			}
		})
	}
}

// differences reads where we mean to differ from Celery 5.2, and why.
func differences(t testing.TB) map[string][]string {
	t.Helper()
	of := map[string][]string{}
	canvas := ""
	for _, line := range lines(t, "differences.txt") {
		switch line := string(line); line[:2] {
		case "# ":
		case "- ", "+ ":
			of[canvas] = append(of[canvas], line)
		default:
			canvas = line
		}
	}
	return of
}

// missing returns what of a is not in b.
func missing(a, b []string) []string {
	b = slices.Clone(b)
	var rest []string
	for _, line := range a {
		if i := slices.Index(b, line); i >= 0 {
			b = slices.Delete(b, i, i+1)
		} else {
			rest = append(rest, line)
		}
	}
	return rest
}

// run is what happened to one canvas.
type run struct {
	messages []Send
	metas    []json.RawMessage
	sizes    map[string]int
}

// recording reads what a producer and a Python worker did.
func recording(t testing.TB, file string) *run {
	t.Helper()
	r := &run{sizes: map[string]int{}}
	for _, line := range lines(t, file) {
		var event struct {
			Sent, Value json.RawMessage
			Queue, Set  string
		}
		if err := json.Unmarshal(line, &event); err != nil {
			t.Fatal(err)
		}
		if event.Sent != nil {
			m, err := Decode(event.Sent, limitOfTests, noon)
			if err != nil {
				t.Fatal(err)
			}
			r.messages = append(r.messages, Send{Queue: event.Queue, Message: m})
		}
		if id, ok := strings.CutPrefix(event.Set, "celery-taskset-meta-"); ok && strings.HasSuffix(id, ".s") {
			var size int
			if err := json.Unmarshal(event.Value, &size); err != nil {
				t.Fatal(err)
			}
			r.sizes[strings.TrimSuffix(id, ".s")] = size
		}
		if strings.HasPrefix(event.Set, "celery-task-meta-") {
			r.metas = append(r.metas, event.Value)
		}
	}
	return r
}

// sent are the messages of the producer: nothing came before them.
func (r *run) sent() []Send {
	var first []Send
	for _, s := range r.messages {
		if s.Message.Parent == "" {
			first = append(first, s)
		}
	}
	return first
}

// perform performs messages, and what follows them, one after another.
func perform(t testing.TB, first []Send, sizes map[string]int) *run {
	t.Helper()
	r := &run{sizes: sizes}
	groups := map[string][]Part{}
	saved := map[string]json.RawMessage{}
	do := func(plan Plan, err error) {
		if err != nil {
			t.Fatal(err)
		}
		for _, size := range plan.Sizes {
			r.sizes[size.Group] = size.Size
		}
		for _, group := range plan.Saved {
			saved[group.Group] = group.Value
		}
		for _, m := range plan.Metas {
			r.metas = append(r.metas, m.Encode())
		}
		first = append(first, plan.Sends...)
	}
	for len(first) > 0 {
		s := first[0]
		first, r.messages = first[1:], append(r.messages, s)
		m := again(t, s.Message)
		outcome := perform1(m)
		plan, err := End(kept(t, m.Steps()), outcome)
		do(plan, err)
		meta := Meta{ID: m.ID, Status: plan.Outcome.State, Result: plan.Outcome.Result, Children: plan.Children, Done: noon}
		if !m.IgnoreResult {
			r.metas = append(r.metas, meta.Of(m.Steps()).Extend(m, "w1@host", "q").Encode())
		}
		for queue := plan.Parts; len(queue) > 0; {
			part := queue[0]
			queue = queue[1:]
			all := slices.Concat(groups[part.Group], []Part{part})
			slices.SortStableFunc(all, func(a, b Part) int { return *a.Index - *b.Index })
			if groups[part.Group] = all; len(all) == r.sizes[part.Group] {
				plan, err := Body(part, all, saved[part.Group], noon)
				do(plan, err)
				queue = append(queue, plan.Parts...)
			}
		}
	}
	return r
}

// again is the message as the next worker reads it.
func again(t testing.TB, m Message) Message {
	t.Helper()
	m, err := Decode(m.Encode("tag"), limitOfTests, noon)
	if err != nil {
		t.Fatal(err)
	}
	return m
}

// kept are the steps as they are kept while the task runs.
func kept(t testing.TB, s Steps) Steps {
	t.Helper()
	raw, err := json.Marshal(map[string]Steps{"steps": s})
	if err != nil {
		t.Fatal(err)
	}
	var back map[string]Steps
	if err := json.Unmarshal(raw, &back); err != nil {
		t.Fatal(err)
	}
	return back["steps"]
}

// perform1 performs one task as the recorded worker did.
func perform1(m Message) Outcome {
	tag := json.RawMessage("null")
	if kwargs, _ := Members(m.Kwargs); kwargs.Get("tag") != nil {
		tag = kwargs.Get("tag")
	}
	switch m.Task {
	case "boom":
		return Outcome{State: Failure, Result: Failed{Exception: ValueError, Messages: []string{"boom"}}.Result(), At: noon}
	case "e":
		return Outcome{State: Success, Result: m.Args[0], At: noon}
	}
	return Outcome{State: Success, Result: appendList(nil, append([]json.RawMessage{tag}, m.Args...)), At: noon}
}

// said is the run in lines without what no two runs share: ids become the tasks' names.
func (r *run) said() []string {
	names := map[string]string{}
	for _, s := range r.messages {
		names[s.Message.ID] = nameOf(s.Message.Task, s.Message.Kwargs)
		namesIn(s.Message.body(), names)
	}
	var said []string
	for _, s := range r.messages {
		m := s.Message
		queue := s.Queue
		if queue == "" {
			queue = "q"
		}
		line := fmt.Sprintf("%s to %s: args %s parent %s root %s index %s grouped %v", names[m.ID], queue,
			r.named(names, appendList(nil, m.Args)), names[m.Parent], names[m.Root], wholeOrNull(m.GroupIndex), m.Group != "")
		line += fmt.Sprintf(" eta %s expires %s limits %s %s retries %d shadow %q ignore %v priority %d headers %s",
			momentOrNull(m.ETA), momentOrNull(m.Expires), m.Soft, m.Hard, m.Retries, m.Shadow, m.IgnoreResult, m.Priority, appendObject(nil, m.Extra))
		for _, sigs := range [][]Signature{m.Callbacks, m.Errbacks, m.Chain} {
			line += " then"
			for _, sig := range sigs {
				line += " " + sig.Task
			}
		}
		if m.Chord != nil {
			line += " chord " + m.Chord.Task
		}
		said = append(said, line)
	}
	for _, raw := range r.metas {
		var meta struct {
			Status           string
			ID               string `json:"task_id"`
			Result, Children json.RawMessage
		}
		_ = json.Unmarshal(raw, &meta)
		said = append(said, r.named(names, fmt.Appendf(nil, "%s ends %s with %s children %s", names[meta.ID], meta.Status, meta.Result, meta.Children)))
	}
	slices.Sort(said)
	return said
}

func nameOf(task string, kwargs json.RawMessage) string {
	if object, err := Members(kwargs); err == nil && object.Get("tag") != nil {
		return task + " " + text(object.Get("tag"))
	}
	return task
}

// namesIn finds the names of all tasks that have ids in raw.
func namesIn(raw json.RawMessage, names map[string]string) {
	values, _ := elements(raw)
	object, err := members(raw)
	for _, m := range object {
		values = append(values, m.Value)
	}
	if sig, bad := signature(raw, ""); err == nil && bad == nil && text(sig.Options.Get("task_id")) != "" {
		names[text(sig.Options.Get("task_id"))] = nameOf(sig.Task, sig.Kwargs)
	}
	for _, value := range values {
		namesIn(value, names)
	}
}

// named puts the tasks' names in the place of ids, and "group" in that of others.
func (r *run) named(names map[string]string, text []byte) string {
	line := ids.ReplaceAllStringFunc(string(text), func(id string) string {
		if name, ok := names[id]; ok && name != "celery.group" {
			return "<" + name + ">"
		}
		return "<group>"
	})
	return line
}

var ids = regexp.MustCompile(`[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}`)
