package api

import (
	"context"
	"errors"
	"net/http"
	"strings"

	"github.com/danielgtaylor/huma/v2"

	"switchyard/internal/journal"
	"switchyard/internal/queue"
	"switchyard/internal/tasks"
	"switchyard/internal/tokens"
)

type listRunsInput struct {
	Kind   string        `query:"kind" default:"agent_*" doc:"A kind of agents, or the beginning of kinds with * behind it."`
	State  []tasks.State `query:"state" doc:"States, with commas between them."`
	User   string        `query:"user" doc:"The user for whom the agents work."`
	Tag    string        `query:"tag" doc:"A tag that the runs' tasks have."`
	Error  string        `query:"error" doc:"A text that the last error has in it, in whatever case. Without state, those that wait, are held or have succeeded are left out."`
	Waits  bool          `query:"waits" doc:"Only runs with a step that waits for a person."`
	Limit  int           `query:"limit" minimum:"1" maximum:"200" default:"50"`
	Cursor string        `query:"cursor" doc:"What the page before says comes next."`
}

// RunTask is the task of a run.
type RunTask struct {
	Task
	Waits string `json:"waits,omitempty" doc:"The step that waits for a person, if there is one."`
}

// RunsPage is some of many runs.
type RunsPage struct {
	Items []RunTask `json:"items"`
	Next  string    `json:"next,omitempty" doc:"The cursor of the next page. A page may be empty and not be the last."`
}

type runsOutput struct {
	Link string `header:"Link"`
	Body RunsPage
}

func (s *server) registerListRuns(api huma.API) {
	register(api, huma.Operation{
		OperationID: "list-runs", Method: http.MethodGet, Path: "/v1/runs", Summary: "List the runs of agents, or those that wait for a person", Tags: []string{"runs"},
		Errors: []int{http.StatusNotFound},
	}, s.listRuns)
}

func (s *server) listRuns(ctx context.Context, in *listRunsInput) (*runsOutput, error) {
	if err := CallerOf(ctx).need(tokens.RunsRead, ""); err != nil {
		return nil, err
	}
	f := tasks.Filter{Kind: in.Kind, States: in.State, User: in.User, Tag: in.Tag, Error: in.Error}
	if in.Waits && len(f.States) == 0 {
		f.States = []tasks.State{tasks.StateParked}
	}
	search := s.search
	if in.Waits {
		search = s.searchWaiting
	}
	found, next, err := search(ctx, f, in.Limit, in.Cursor)
	if err != nil {
		return nil, err
	}
	query := map[string]string{"kind": in.Kind, "user": in.User, "tag": in.Tag, "error": in.Error, "state": join(in.State)}
	if in.Waits {
		query["waits"] = "true"
	}
	out := &runsOutput{Link: nextPage("/v1/runs", in.Limit, next, query), Body: RunsPage{Items: []RunTask{}, Next: next}}
	for _, status := range found {
		waits, err := s.waits(ctx, status)
		if err != nil {
			return nil, err
		}
		if waits != "" || !in.Waits {
			out.Body.Items = append(out.Body.Items, RunTask{TaskOf(status), waits})
		}
	}
	return out, nil
}

// searchWaiting is search for the runs that wait for a person, the one that waits longest first.
func (s *server) searchWaiting(ctx context.Context, f tasks.Filter, limit int, cursor string) (found []tasks.Status, next string, err error) {
	if f, err = mayFind(ctx, f); err != nil {
		return nil, "", err
	}
	if err := f.Check(); err != nil {
		return nil, "", err
	}
	waiting, err := s.Brake.Brake.Waiting(ctx)
	if err != nil {
		return nil, "", err
	}
	names := make([]tasks.Name, len(waiting))
	for i, name := range waiting {
		names[i].Queue, names[i].ID, _ = strings.Cut(name, "/")
	}
	names, next, err = s.Queue.Longest(ctx, names, cursor, limit)
	if errors.Is(err, queue.ErrPage) {
		err = invalidParameter("cursor", err)
	}
	if err != nil {
		return nil, "", err
	}
	all, err := s.Queue.Statuses(ctx, names)
	for _, t := range all {
		if f.Matches(t) && CallerOf(ctx).sees(tokens.TasksRead, t) {
			found = append(found, t)
		}
	}
	return found, next, err
}

// waits returns the step of a run that waits for a person, "" if none does. Only a run that is
// parked has one.
func (s *server) waits(ctx context.Context, status tasks.Status) (string, error) {
	run := journal.Run{User: tasks.UserOf(status.Payload), Task: status.Queue + "/" + status.ID, ID: status.Run}
	isRun := run.ID != "" && tasks.CheckUser(run.User) == nil
	if status.State != tasks.StateParked || !isRun {
		return "", nil
	}
	h, err := s.Journals.Read(ctx, run)
	if err != nil {
		return "", err
	}
	step, _ := h.Undecided()
	return step.Name, nil
}
