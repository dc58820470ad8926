package api

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"switchyard/internal/audit"
	"switchyard/internal/tasks"
	"switchyard/internal/tokens"
)

// Selection says which tasks are meant: those of a filter, or those that are named.
type Selection struct {
	Queue  string        `json:"queue,omitempty"`
	Kind   string        `json:"kind,omitempty" doc:"A kind, or the beginning of kinds with * behind it, such as agent_*."`
	State  []tasks.State `json:"state,omitempty" maxItems:"20"`
	User   string        `json:"user,omitempty" doc:"The user for whom the tasks work."`
	Tag    string        `json:"tag,omitempty" doc:"A tag that the tasks have."`
	Error  string        `json:"error,omitempty" doc:"A text that the last error has in it, in whatever case. Without state, those that wait, are held or have succeeded are left out."`
	Since  time.Time     `json:"since,omitzero" doc:"Those known to have come to their state then or later."`
	From   time.Time     `json:"from,omitzero" doc:"Those sent then or later."`
	To     time.Time     `json:"to,omitzero" doc:"Those sent before this moment. Give what a dry run says as before, and no task is meant that was sent since."`
	Names  []string      `json:"names,omitempty" maxItems:"1000" doc:"The tasks by name, each as queue/id, in place of a filter."`
	Most   int           `json:"most,omitempty" minimum:"1" maximum:"100000" doc:"After about how many tasks the request ends and leaves the others to the next one. At most 10,000 are changed, and 100,000 counted."`
	DryRun bool          `json:"dry_run,omitempty" doc:"Only count and show the tasks, and change nothing."`
	Cursor string        `json:"cursor,omitempty" doc:"What the request before says comes next."`
}

// Bulk is what became of the tasks of a selection.
type Bulk struct {
	DryRun  bool           `json:"dry_run"`
	Matched int            `json:"matched" doc:"How many tasks are meant, as far as this request has come."`
	More    bool           `json:"more" doc:"Whether there may be others."`
	Next    string         `json:"next,omitempty" doc:"Where there may be others: the cursor of the next request."`
	Before  time.Time      `json:"before,omitzero" doc:"Of a dry run: the moment before which all that it counts was sent. Give it as to."`
	States  map[string]int `json:"states" doc:"How many of them were in each state."`
	Kinds   map[string]int `json:"kinds" doc:"How many of them are of each kind."`
	Sample  []Task         `json:"sample" doc:"Some of them, as they were: up to 20."`
	Done    int            `json:"done" doc:"With how many it was done."`
	Refused []Left         `json:"refused" doc:"Some of those that are left as they were, and why: up to 100."`
	// RefusedCount counts all of them.
	RefusedCount int `json:"refused_count" doc:"How many are left as they were."`
}

// Left is a task that is left as it was.
type Left struct {
	ID     string      `json:"id"`
	Queue  string      `json:"queue"`
	State  tasks.State `json:"state,omitempty" doc:"Left out if there is no such task."`
	Detail string      `json:"detail"`
}

type bulkInput struct {
	Keyed
	Body Selection
}

type bulkCancelInput struct {
	Keyed
	Body struct {
		Selection
		Cancellation
	}
}

type bulkOutput struct {
	Replayed string `header:"Idempotency-Replayed"`
	Body     Bulk
}

// registerBulk adds what is done to many tasks. Its addresses look like those of tasks with odd IDs, to
// which nobody can POST.
func (s *server) registerBulk(api huma.API) {
	operation := func(what, summary string) huma.Operation {
		return huma.Operation{
			OperationID: what + "-tasks", Method: http.MethodPost, Path: "/v1/tasks/" + what, Summary: summary, Tags: []string{"tasks"},
			Errors: []int{http.StatusNotFound},
		}
	}
	register(api, operation("cancel", "Cancel all tasks of a filter, or count them"), func(ctx context.Context, in *bulkCancelInput) (*bulkOutput, error) {
		return s.bulk(ctx, in.Key, in.Body, in.Body.Selection, "cancel", func(ctx context.Context, names []tasks.Name, by audit.Actor) ([]tasks.Handled, error) {
			return s.ByHand.CancelTasks(ctx, names, in.Body.Reason, by)
		})
	})
	for what, do := range map[string]change{"run": s.ByHand.RunTasks, "replay": s.ByHand.ReplayTasks, "delete": s.ByHand.DeleteTasks} {
		summary := map[string]string{
			"run": "Run all tasks of a filter now, or count them", "replay": "Send a new task for each of a filter that has ended, or count them",
			"delete": "Delete all tasks of a filter that do not run, or count them",
		}[what]
		register(api, operation(what, summary), func(ctx context.Context, in *bulkInput) (*bulkOutput, error) {
			return s.bulk(ctx, in.Key, in.Body, in.Body, what, do)
		})
	}
}

// bulk does something to the tasks of a selection, once for a key. asks is the whole body.
func (s *server) bulk(ctx context.Context, key string, asks any, sel Selection, did string, do change) (*bulkOutput, error) {
	out, told, err := once(ctx, s, key, asks, func(ctx context.Context) (*bulkOutput, error) {
		if err := sel.check(); err != nil {
			return nil, err
		}
		f, err := sel.filter(CallerOf(ctx))
		if err != nil {
			return nil, err
		}
		if sel.DryRun {
			return s.preview(ctx, sel, f)
		}
		return s.perform(ctx, sel, f, did, do)
	})
	if err == nil && told.Answer != nil {
		out.Replayed = "true"
	}
	return out, err
}

// kept leaves out what may be large of the tasks that are shown.
func (b *bulkOutput) kept() any {
	short := *b
	short.Body.Sample = make([]Task, len(b.Body.Sample))
	for i, t := range b.Body.Sample {
		short.Body.Sample[i] = Task{ID: t.ID, Kind: t.Kind, Queue: t.Queue, State: t.State, Ended: t.Ended, User: t.User, Created: t.Created, Since: t.Since, Links: t.Links}
	}
	return &short
}

// check reports that a selection means nothing in particular, or two things at once.
func (sel Selection) check() error {
	filtered := sel.Queue != "" || sel.Kind != "" || len(sel.State) > 0 || sel.User != "" || sel.Tag != "" || sel.Error != "" || !sel.Since.IsZero() || !sel.From.IsZero()
	switch {
	case len(sel.Names) > 0 && (filtered || sel.Cursor != ""):
		return invalid("/names", errors.New("names are given and a filter, too: give one of them"))
	case len(sel.Names) == 0 && !filtered:
		return invalid("", errors.New("no task is meant: give at least one of queue, kind, state, user, tag, error, since and from, or names"))
	}
	for i, name := range sel.Names {
		if queue, id, both := strings.Cut(name, "/"); !both || queue == "" || id == "" {
			return invalid(fmt.Sprintf("/names/%d", i), fmt.Errorf("name %.100q: give it as queue/id", name))
		}
	}
	return nil
}

// filter returns which tasks the caller may mean by a selection.
func (sel Selection) filter(caller *Caller) (tasks.Filter, error) {
	f := tasks.Filter{Queue: sel.Queue, States: sel.State, Kind: sel.Kind, User: sel.User, Tag: sel.Tag, Error: sel.Error, Since: sel.Since, From: sel.From, To: sel.To}
	if err := caller.needSome(tokens.TasksCancel, f.Kind); err != nil {
		return f, err
	}
	if caller.User != "" {
		if f.User != "" && f.User != caller.User {
			return f, noSuch("user", f.User)
		}
		f.User = caller.User
	}
	return f, nil
}
