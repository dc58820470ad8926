package api

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"switchyard/internal/batches"
	"switchyard/internal/tasks"
	"switchyard/internal/tokens"
)

// Then is the task that is sent once all tasks of a batch have ended.
type Then struct {
	Kind    string          `json:"kind" minLength:"1" maxLength:"100"`
	Payload json.RawMessage `json:"payload,omitempty" doc:"A JSON object that the kind takes, once it has the results."`
	Results string          `json:"results,omitempty" maxLength:"1000" doc:"A JSON pointer to where in the payload the results go; /results if left out."`
}

// then returns the same for the store.
func (t *Then) then() *batches.Then {
	if t == nil {
		return nil
	}
	return &batches.Then{Kind: t.Kind, Payload: orEmpty(t.Payload), Results: cmp.Or(t.Results, "/results")}
}

// BatchID names a batch in an address. It is exported for huma, see [Named].
type BatchID struct {
	ID string `path:"id" maxLength:"100"`
}

// Batch is what has become of tasks that were sent together.
type Batch struct {
	ID        string    `json:"id"`
	Created   time.Time `json:"created"`
	Total     int       `json:"total"`
	Waiting   int       `json:"waiting" doc:"How many have not ended and do not run."`
	Running   int       `json:"running"`
	Succeeded int       `json:"succeeded"`
	Failed    int       `json:"failed"`
	Cancelled int       `json:"cancelled"`
	Expired   int       `json:"expired"`
	Refused   int       `json:"refused,omitempty" doc:"How many Redis did not take."`
	Deleted   int       `json:"deleted,omitempty" doc:"How many somebody has deleted before their end was known."`
	Done      bool      `json:"done" doc:"Whether all have ended."`
	Then      *Next     `json:"then,omitempty"`
}

// Next is the task that follows a batch.
type Next struct {
	ID   string `json:"id" doc:"The ID that it has, or will have."`
	Kind string `json:"kind"`
	Self string `json:"self" doc:"Its address, once the batch is done."`
}

// ResultsPage is what became of some of the tasks of a batch, in their order.
type ResultsPage struct {
	Items []Outcome `json:"items"`
	Next  string    `json:"next,omitempty" doc:"The cursor of the next page."`
}

// Outcome is what became of a task of a batch.
type Outcome struct {
	ID      string          `json:"id"`
	Queue   string          `json:"queue"`
	State   tasks.State     `json:"state" doc:"A state of tasks, refused or deleted."`
	Result  json.RawMessage `json:"result,omitempty"`
	LeftOut bool            `json:"left_out,omitempty" doc:"The result is too large to be kept here: ask the task for it."`
	Error   string          `json:"error,omitempty"`
}

func (s *server) registerBatches(api huma.API) {
	operation := func(id, method, path, summary string) huma.Operation {
		return huma.Operation{OperationID: id, Method: method, Path: path, Summary: summary, Tags: []string{"tasks"}, Errors: []int{http.StatusNotFound}}
	}
	register(api, operation("get-batch", http.MethodGet, "/v1/batches/{id}", "See how many tasks of a batch have ended"), s.getBatch)
	register(api, operation("get-batch-results", http.MethodGet, "/v1/batches/{id}/results", "List what became of the tasks of a batch"), s.batchResults)
	register(api, operation("cancel-batch", http.MethodPost, "/v1/batches/{id}/cancel", "Cancel the tasks of a batch that have not ended"), s.cancelBatch)
}

// findBatch returns a batch that the caller may do something with. Any other is not there.
func (s *server) findBatch(ctx context.Context, action tokens.Action, id string) (batches.Batch, error) {
	b, err := s.Batches.Get(ctx, id)
	if errors.Is(err, batches.ErrNotFound) {
		return b, noSuch("batch", id)
	}
	if err != nil {
		return b, err
	}
	caller := CallerOf(ctx)
	if len(caller.Tasks) > 0 || caller.User != "" && caller.User != b.User {
		return b, noSuch("batch", id)
	}
	for _, m := range b.Members {
		if !caller.May(tokens.TasksRead, m.Kind) && !caller.May(action, m.Kind) {
			return b, noSuch("batch", id)
		}
		if err := caller.need(action, m.Kind); err != nil {
			return b, err
		}
	}
	return b, nil
}

// members returns what became of the members of a batch, and the state of those that have not ended.
func (s *server) members(ctx context.Context, b batches.Batch) ([]Outcome, error) {
	known, err := s.Batches.Outcomes(ctx, b)
	if err != nil {
		return nil, err
	}
	open, err := s.Batches.Open(ctx, b, known)
	if err != nil {
		return nil, err
	}
	all := make([]Outcome, len(known))
	for i, o := range known {
		if o != nil {
			all[i] = Outcome(*o)
			continue
		}
		state := open[i]
		if state == "" || state.Ended() { // whoever looks at the batch next finds out
			state = tasks.StateWaiting
		}
		all[i] = Outcome{ID: b.Members[i].ID, Queue: b.Members[i].Queue, State: state}
	}
	return all, nil
}

// batchOf counts what became of the members of a batch.
func batchOf(b batches.Batch, members []Outcome) Batch {
	out := Batch{ID: b.ID, Created: b.Created, Total: len(b.Members)}
	counts := map[tasks.State]*int{
		tasks.StateRunning: &out.Running, tasks.StateSucceeded: &out.Succeeded, tasks.StateFailed: &out.Failed, tasks.StateCancelled: &out.Cancelled,
		tasks.StateExpired: &out.Expired, batches.Refused: &out.Refused, batches.Deleted: &out.Deleted,
	}
	for _, m := range members {
		count, known := counts[m.State]
		if !known {
			count = &out.Waiting
		}
		*count++
	}
	out.Done = out.Waiting+out.Running == 0
	return out
}

// batch returns a batch as it is told.
func (s *server) batch(ctx context.Context, b batches.Batch) (*body[Batch], error) {
	members, err := s.members(ctx, b)
	if err != nil {
		return nil, err
	}
	out := &body[Batch]{batchOf(b, members)}
	if b.Then != nil {
		route, err := s.Routing.RouteTask(b.Then.Kind, b.Then.Payload)
		if err != nil {
			return nil, err
		}
		out.Body.Then = &Next{ID: b.ThenID(), Kind: b.Then.Kind, Self: address(route.Queue, b.ThenID(), "")}
	}
	return out, nil
}

func (s *server) getBatch(ctx context.Context, in *BatchID) (*body[Batch], error) {
	b, err := s.findBatch(ctx, tokens.TasksRead, in.ID)
	if err != nil {
		return nil, err
	}
	return s.batch(ctx, b)
}

type batchResultsInput struct {
	BatchID
	Limit  int    `query:"limit" minimum:"1" maximum:"1000" default:"100"`
	Cursor string `query:"cursor" doc:"What the page before says comes next."`
}

func (s *server) batchResults(ctx context.Context, in *batchResultsInput) (*body[ResultsPage], error) {
	b, err := s.findBatch(ctx, tokens.TasksRead, in.ID)
	if err != nil {
		return nil, err
	}
	from := 0
	if in.Cursor != "" {
		if from, err = strconv.Atoi(in.Cursor); err != nil || from < 0 || from > len(b.Members) {
			return nil, invalidParameter("cursor", fmt.Errorf("cursor %.40q: give what the page before says comes next", in.Cursor))
		}
	}
	members, err := s.members(ctx, b)
	if err != nil {
		return nil, err
	}
	to := min(from+in.Limit, len(members))
	out := &body[ResultsPage]{ResultsPage{Items: append([]Outcome{}, members[from:to]...)}}
	if to < len(members) {
		out.Body.Next = strconv.Itoa(to)
	}
	return out, nil
}

type cancelBatchInput struct {
	BatchID
	Body *Cancellation
}

func (s *server) cancelBatch(ctx context.Context, in *cancelBatchInput) (*body[Batch], error) {
	b, err := s.findBatch(ctx, tokens.TasksCancel, in.ID)
	if err != nil {
		return nil, err
	}
	members, err := s.members(ctx, b)
	if err != nil {
		return nil, err
	}
	var open []tasks.Name
	for _, m := range members {
		if !m.State.Ended() && m.State != batches.Refused && m.State != batches.Deleted {
			open = append(open, tasks.Name{Queue: m.Queue, ID: m.ID})
		}
	}
	why := ""
	if in.Body != nil {
		why = in.Body.Reason
	}
	if len(open) > 0 {
		if _, err := s.ByHand.CancelTasks(ctx, open, why, CallerOf(ctx).actor()); err != nil {
			return nil, err // what has ended meanwhile is no error
		}
	}
	return s.batch(ctx, b)
}
