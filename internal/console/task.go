package console

import (
	"crypto/rand"
	"encoding/json"
	"net/http"
	"net/url"
	"strings"
	"time"

	"switchyard/internal/api"
	"switchyard/internal/tasks"
)

// failure is what is kept of the error of a task.
type failure struct {
	Attempt int       `json:"attempt"`
	Outcome string    `json:"outcome"`
	Message string    `json:"message"`
	At      time.Time `json:"at"`
	Stack   string    `json:"stack"`
}

type taskData struct {
	api.Task
	Failure  failure
	Trail    []bar // the attempts
	Run      *api.Run
	Steps    []bar
	Question *api.RunStep // that waits for a person
	Wakes    string       // the task that runs once this one has ended, as queue/ID
	Sender   string       // the task whose attempt has sent this one
	traces   string
	Key      string // of what is done once
	Cancels  bool   // somebody has cancelled it, and it has not stopped yet
}

func (c *Console) showTask(r *request) error {
	queue, id := r.PathValue("queue"), r.PathValue("id")
	data := taskData{Key: newKey(), traces: c.traces}
	if err := c.ask(r.Context(), question{path: taskPath(id, ""), query: at(queue)}, &data.Task); err != nil {
		return err
	}
	var attempts api.Attempts
	if err := c.ask(r.Context(), question{path: taskPath(id, "/attempts"), query: at(queue)}, &attempts); err != nil {
		return err
	}
	_ = json.Unmarshal(data.Error, &data.Failure) // what others have written there is shown as it is
	data.Trail = trail(attempts.Items, c.now())
	data.Wakes, data.Sender, data.Cancels = data.Headers["switchyard-wakes"], data.Headers["switchyard-sender"], len(data.Cancel) > 0 && !data.Ended
	if data.Links.Run != "" {
		if err := c.addRun(r, &data); err != nil {
			return err
		}
	}
	v := view{Title: data.ID, Here: "/tasks/", Data: data}
	if !data.Ended {
		v.Follow, v.Refresh = c.streamOf(data), 15
	}
	return c.show(r, http.StatusOK, "task", v)
}

// TraceLink returns where a trace is looked at, "" if nobody has said where.
func (d taskData) TraceLink(id string) string {
	return strings.ReplaceAll(d.traces, "{trace}", url.PathEscape(id))
}

// newKey returns a key for what a page does: a form that is sent twice does it once.
func newKey() string { return rand.Text() }

// streamOf returns the address of the stream that tells when the page of a task is out of date.
func (c *Console) streamOf(data taskData) string {
	return taskPath(data.ID, "/events") + "?" + at(data.Queue).Encode()
}

// agentKinds is what the kinds of agents begin with.
const agentKinds = "agent_"

// addRun adds the steps of a task that is an agent's run.
func (c *Console) addRun(r *request, data *taskData) error {
	var run api.Run
	query := at(data.Queue)
	query.Set("transcript", "true")
	if err := c.askIf(r, question{path: taskPath(data.ID, "/run"), query: query}, &run); err != nil || run.Task == "" {
		return err
	}
	if len(run.Steps) == 0 && !strings.HasPrefix(data.Kind, agentKinds) { // it works for a user, and is no agent's
		return nil
	}
	data.Run, data.Steps = &run, stepBars(run, c.now())
	for i, step := range run.Steps {
		if step.Name == run.Waits {
			data.Question = &run.Steps[i]
		}
	}
	return nil
}

// bar is a part of a time line: where it begins and how long it is, in thousandths of the whole.
type bar struct {
	Name, State, Detail string
	Number              int
	Began, Ended        time.Time
	Worker, Trace       string
	Sent                []string // tasks that it has sent, as queue/ID
	Result              json.RawMessage
	Usage               *api.RunUsage // of a model's answer
	From, Width         int
}

// place gives bars their places on a line from the first beginning to the last end, or now.
func place(bars []bar, now time.Time) []bar {
	var first, last time.Time
	for _, b := range bars {
		if !b.Began.IsZero() && (first.IsZero() || b.Began.Before(first)) {
			first = b.Began
		}
		if end := b.end(now); end.After(last) {
			last = end
		}
	}
	whole := last.Sub(first)
	if whole <= 0 {
		whole = 1
	}
	for i, b := range bars {
		if b.Began.IsZero() {
			b.Began = b.Ended
		}
		bars[i].From = min(990, max(0, int(1000*b.Began.Sub(first)/whole)))
		bars[i].Width = max(10, min(1000-bars[i].From, int(1000*b.end(now).Sub(b.Began)/whole)))
	}
	return bars
}

func (b bar) end(now time.Time) time.Time {
	if b.Ended.IsZero() {
		return now
	}
	return b.Ended
}

func trail(attempts []api.TaskAttempt, now time.Time) []bar {
	bars := make([]bar, len(attempts))
	for i, a := range attempts {
		bars[i] = bar{Number: i + 1, State: string(a.Outcome), Detail: a.Error, Began: a.Began, Ended: a.Ended, Worker: a.Worker, Trace: a.TraceID, Sent: a.Sent}
		if a.Ended.IsZero() {
			bars[i].State = string(tasks.StateRunning)
		}
	}
	return place(bars, now)
}

// verbs are what can be done to a task by its page, by the last part of the address.
var verbs = map[string]struct {
	method, of, done string
	stays            bool // the task is still there afterwards
}{
	"cancel": {http.MethodPost, "/cancel", "cancelled", true},
	"run":    {http.MethodPost, "/run", "run", true},
	"replay": {http.MethodPost, "/replay", "", false},
	"delete": {http.MethodDelete, "", "deleted", false},
}

// changeTask does something to one task.
func (c *Console) changeTask(r *request) error {
	queue, id := r.PathValue("queue"), r.PathValue("id")
	verb, ok := verbs[r.PathValue("verb")]
	if !ok {
		return nothing(r)
	}
	q := question{method: verb.method, path: taskPath(id, verb.of), query: at(queue), key: r.PostFormValue("key")}
	if verb.of == "/cancel" {
		q.body = api.Cancellation{Reason: r.PostFormValue("reason")}
	}
	var task api.Task
	if err := c.ask(r.Context(), q, &task); err != nil {
		return err
	}
	switch {
	case verb.of == "/replay":
		return c.redirect(r, taskPage(task.Queue, task.ID))
	case !verb.stays:
		return c.done(r, "/tasks/", verb.done, 1, 0)
	case verb.of == "/cancel" && !task.Ended:
		return c.done(r, taskPage(queue, id), "stopping", 1, 0)
	}
	return c.done(r, taskPage(queue, id), verb.done, 1, 0)
}

// decide approves or rejects the step of a run that waits for a person.
func (c *Console) decide(r *request) error {
	queue, id := r.PathValue("queue"), r.PathValue("id")
	body := map[string]any{"step": r.PostFormValue("step"), "decision": r.PostFormValue("decision")}
	if text := strings.TrimSpace(r.PostFormValue("result")); text != "" && body["decision"] == "reject" {
		if !json.Valid([]byte(text)) {
			return invalid("result", "The result is no JSON: write a value such as {\"sent\":true}, or leave it empty.")
		}
		body["result"] = json.RawMessage(text)
	}
	if err := c.ask(r.Context(), question{method: http.MethodPost, path: taskPath(id, "/decisions"), query: at(queue), body: body}, nil); err != nil {
		return err
	}
	back := taskPage(queue, id)
	if r.PostFormValue("back") == "inbox" {
		back = "/decisions/"
	}
	return c.done(r, back, "decided", uncounted, 0)
}

// nothing is the problem of an address that there is not.
func nothing(r *request) error {
	return &api.Problem{Status: http.StatusNotFound, Title: "There is no such page", Detail: "Nothing is at " + url.PathEscape(r.URL.Path) + "."}
}

// invalid is the problem of a field of a form.
func invalid(field, detail string) error {
	return &api.Problem{Status: http.StatusUnprocessableEntity, Title: "A value is not valid", Detail: detail, Errors: []api.Fault{{Parameter: field, Detail: detail}}}
}
