package api

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"switchyard/internal/queue"
	"switchyard/internal/tasks"
	"switchyard/internal/tokens"
)

// maxWait bounds how long a request waits for the end of a task.
const maxWait = time.Minute

// Named names a task in an address. It is exported for huma, which reads parameters by reflection.
type Named struct {
	ID    string `path:"id" maxLength:"300"`
	Queue string `query:"queue" doc:"The task's queue, where two have a task of that ID."`
}

type lookInput struct {
	Named
	Wait string `query:"wait" doc:"How long to wait for the task's end, such as 30s; at most 60s."`
	If   string `header:"If-None-Match" doc:"The ETag of an earlier answer: 304 if nothing has changed."`
}

func (s *server) registerTasks(api huma.API) {
	missing := []int{http.StatusNotFound}
	register(api, huma.Operation{
		OperationID: "get-task", Method: http.MethodGet, Path: "/v1/tasks/{id}", Summary: "Look at a task, or wait for its end", Tags: []string{"tasks"}, Errors: missing,
	}, s.look)
	register(api, huma.Operation{
		OperationID: "get-result", Method: http.MethodGet, Path: "/v1/tasks/{id}/result", Summary: "Get the bare result of a task", Tags: []string{"tasks"},
		Errors: []int{http.StatusNotFound, http.StatusConflict},
	}, s.result)
	register(api, huma.Operation{
		OperationID: "list-attempts", Method: http.MethodGet, Path: "/v1/tasks/{id}/attempts", Summary: "List the attempts at a task", Tags: []string{"tasks"}, Errors: missing,
	}, s.attempts)
	register(api, huma.Operation{
		OperationID: "list-tasks", Method: http.MethodGet, Path: "/v1/tasks", Summary: "List tasks", Tags: []string{"tasks"}, Errors: missing,
	}, s.list)
	s.registerEvents(api)
}

// find returns a task that the caller may do something with. Any other is not there.
func (s *server) find(ctx context.Context, action tokens.Action, n Named) (tasks.Status, error) {
	name := n.ID
	if n.Queue != "" {
		name = n.Queue + "/" + n.ID
	}
	status, err := s.Queue.Find(ctx, name)
	switch {
	case errors.Is(err, queue.ErrNotFound):
		return status, noSuch("task", n.ID)
	case errors.Is(err, queue.ErrAmbiguous):
		return status, problem("not-found", err.Error()+", as ?queue=")
	case err != nil:
		return status, err
	case !CallerOf(ctx).sees(tokens.TasksRead, status) && !CallerOf(ctx).sees(action, status):
		return status, noSuch("task", n.ID)
	}
	return status, CallerOf(ctx).need(action, status.Kind)
}

func (s *server) look(ctx context.Context, in *lookInput) (*taskOutput, error) {
	status, err := s.find(ctx, tokens.TasksRead, in.Named)
	if err != nil {
		return nil, err
	}
	if in.Wait != "" && !status.State.Ended() {
		if status, err = s.waitFor(ctx, status, in.Wait); err != nil {
			return nil, err
		}
	}
	out := &taskOutput{Status: http.StatusOK, Body: TaskOf(status)}
	out.ETag = etagOf(out.Body)
	if in.If != "" && strings.Contains(in.If, out.ETag) {
		return nil, huma.Status304NotModified()
	}
	return out, nil
}

// etagOf returns the tag of an answer.
func etagOf(v any) string {
	text, _ := json.Marshal(v) // it is written as JSON right after
	return `"` + hexSum(text) + `"`
}

// waitFor returns a task once it has ended, or as it is when the time is over. A task of which
// nothing is kept has succeeded: the others go to the dead letter.
func (s *server) waitFor(ctx context.Context, before tasks.Status, wait string) (tasks.Status, error) {
	span, err := time.ParseDuration(wait)
	if err != nil || span < 0 || span > maxWait {
		return before, invalidParameter("wait", fmt.Errorf("wait is %.40q: give up to %s, such as 30s", wait, maxWait))
	}
	patient, cancel := context.WithTimeout(ctx, span)
	defer cancel()
	last, found, err := s.Waiter.Wait(patient, tasks.Name{Queue: before.Queue, ID: before.ID})
	switch {
	case err != nil && patient.Err() != nil && ctx.Err() == nil: // also in the middle of a question to Redis
		if last.State == "" {
			return before, nil
		}
		return last, nil
	case err != nil:
		return before, err
	case !found:
		before.State, before.NextRun = tasks.StateSucceeded, time.Time{}
		return before, nil
	}
	return last, nil
}

// waitOf reads how long a request prefers to wait, see RFC 7240. What else it prefers is left out.
func waitOf(prefer string) (time.Duration, error) {
	for preference := range strings.SplitSeq(prefer, ",") {
		name, value, _ := strings.Cut(strings.TrimSpace(preference), "=")
		if !strings.EqualFold(name, "wait") {
			continue
		}
		span, err := time.ParseDuration(value + "s")
		if err != nil || span <= 0 || span > maxWait {
			return 0, invalidParameter("Prefer", fmt.Errorf("wait is %.40q: give 1 to %.0f seconds, such as wait=10", value, maxWait.Seconds()))
		}
		return span, nil
	}
	return 0, nil
}

// awaited waits for the end of a task that was just sent.
func (s *server) awaited(ctx context.Context, out *taskOutput, wait time.Duration) (*taskOutput, error) {
	out.Applied = fmt.Sprintf("wait=%.0f", wait.Seconds())
	b := out.Body
	status, err := s.waitFor(ctx, tasks.Status{ID: b.ID, Kind: b.Kind, Queue: b.Queue, State: b.State, NextRun: b.Due, Deadline: b.Expires, Payload: b.Payload}, wait.String())
	if err != nil {
		return nil, err
	}
	out.Body = TaskOf(status)
	if !out.Body.Ended {
		out.Status, out.RetryAfter = http.StatusAccepted, retryAfter
	}
	return out, nil
}

type resultInput struct {
	Named
	Wait string `query:"wait" doc:"How long to wait for the task's end, such as 30s; at most 60s."`
}

func (s *server) result(ctx context.Context, in *resultInput) (*body[json.RawMessage], error) {
	status, err := s.find(ctx, tokens.TasksRead, in.Named)
	if err != nil {
		return nil, err
	}
	if in.Wait != "" && !status.State.Ended() {
		if status, err = s.waitFor(ctx, status, in.Wait); err != nil {
			return nil, err
		}
	}
	switch {
	case status.State == tasks.StateSucceeded && len(status.Result) == 0:
		return &body[json.RawMessage]{json.RawMessage("null")}, nil
	case status.State == tasks.StateSucceeded:
		return &body[json.RawMessage]{status.Result}, nil
	case status.State.Ended():
		p := problem("task-failed", fmt.Sprintf("the task is %s: %s", status.State, status.LastError))
		p.State = string(status.State)
		return nil, p
	}
	p := problem("wrong-state", fmt.Sprintf("the task is %s: wait for its end with ?wait=30s", status.State))
	p.State, p.Allowed = string(status.State), []string{string(tasks.StateSucceeded)}
	return nil, p
}

type listInput struct {
	Queue  string        `query:"queue"`
	Kind   string        `query:"kind" doc:"A kind, or the beginning of kinds with * behind it, such as agent_*."`
	State  []tasks.State `query:"state" doc:"States, with commas between them."`
	User   string        `query:"user" doc:"The user for whom the tasks work."`
	Tag    string        `query:"tag" doc:"A tag that the tasks have."`
	Error  string        `query:"error" doc:"A text that the last error has in it, in whatever case. Without state, those that wait, are held or have succeeded are left out."`
	Since  time.Time     `query:"since" doc:"Those known to have come to their state then or later."`
	From   time.Time     `query:"from" doc:"Those sent then or later."`
	To     time.Time     `query:"to" doc:"Those sent before this moment."`
	Limit  int           `query:"limit" minimum:"1" maximum:"1000" default:"100"`
	Cursor string        `query:"cursor" doc:"What the page before says comes next."`
}

// join writes states as a query has them.
func join(states []tasks.State) string {
	words := make([]string, len(states))
	for i, s := range states {
		words[i] = string(s)
	}
	return strings.Join(words, ",")
}

// Page is some of many tasks.
type Page struct {
	Items []Task `json:"items"`
	// Next is the cursor of the next page.
	Next string `json:"next,omitempty" doc:"The cursor of the next page. A page may be empty and not be the last."`
}

type pageOutput struct {
	Link string `header:"Link"`
	Body Page
}

func (s *server) list(ctx context.Context, in *listInput) (*pageOutput, error) {
	f := tasks.Filter{Queue: in.Queue, States: in.State, Kind: in.Kind, User: in.User, Tag: in.Tag, Error: in.Error, Since: in.Since, From: in.From, To: in.To}
	found, next, err := s.search(ctx, f, in.Limit, in.Cursor)
	if err != nil {
		return nil, err
	}
	out := &pageOutput{
		Link: nextPage("/v1/tasks", in.Limit, next, map[string]string{
			"queue": in.Queue, "kind": in.Kind, "user": in.User, "tag": in.Tag, "error": in.Error, "state": join(in.State),
			"since": asked(in.Since), "from": asked(in.From), "to": asked(in.To),
		}),
		Body: Page{Items: []Task{}, Next: next},
	}
	for _, status := range found {
		out.Body.Items = append(out.Body.Items, TaskOf(status))
	}
	return out, nil
}

// search returns those of a page of tasks that the caller may see, and the cursor of the next page.
func (s *server) search(ctx context.Context, f tasks.Filter, limit int, cursor string) ([]tasks.Status, string, error) {
	f, err := mayFind(ctx, f)
	if err != nil {
		return nil, "", err
	}
	page, err := s.Queue.List(ctx, f, limit, cursor)
	if err != nil {
		return nil, "", err
	}
	seen := slices.DeleteFunc(page.Tasks, func(t tasks.Status) bool { return !CallerOf(ctx).sees(tokens.TasksRead, t) })
	return seen, page.Next, nil
}

// mayFind returns which tasks of a filter the caller may ask for.
func mayFind(ctx context.Context, f tasks.Filter) (tasks.Filter, error) {
	caller := CallerOf(ctx)
	if f.Kind != "" {
		if err := caller.need(tokens.TasksRead, f.Kind); err != nil {
			return f, err
		}
	}
	if caller.User != "" {
		if f.User != "" && f.User != caller.User {
			return f, noSuch("user", f.User)
		}
		f.User = caller.User
	}
	return f, nil
}
