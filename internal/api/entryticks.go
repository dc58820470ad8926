package api

import (
	"context"
	"net/http"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"switchyard/internal/schedule"
	"switchyard/internal/tasks"
	"switchyard/internal/tokens"
)

type lastTicksInput struct {
	EntryName
	N int `query:"n" minimum:"1" maximum:"100" default:"10" doc:"How many ticks at most."`
}

// LastTicks are the last ticks of an entry.
type LastTicks struct {
	Items   []TickTask `json:"items" doc:"The ticks that were sent, the latest first."`
	Overdue *Overdue   `json:"overdue,omitempty" doc:"Whether the next one is due for more than 10 s, and no scheduler has taken it."`
}

// TickTask is a tick and what became of its task.
type TickTask struct {
	At    time.Time   `json:"at" doc:"The tick, without the spread."`
	Task  string      `json:"task,omitempty" doc:"The ID that its task has. Before the latest tick it follows from the entry as it is now."`
	Queue string      `json:"queue,omitempty" doc:"Where the task of the latest tick went."`
	State tasks.State `json:"state,omitempty" doc:"Left out if nothing is kept of the task, or there was none, since the tick was skipped or missed."`
}

// Overdue is an entry that nobody takes.
type Overdue struct {
	Since time.Time `json:"since"`
}

func (s *server) registerEntryTicks(api huma.API) {
	register(api, huma.Operation{
		OperationID: "list-ticks", Method: http.MethodGet, Path: "/v1/schedule/{id}/ticks", Summary: "See what became of the last ticks of an entry", Tags: []string{"schedule"},
		Errors: []int{http.StatusNotFound},
	}, s.lastTicks)
}

func (s *server) lastTicks(ctx context.Context, in *lastTicksInput) (*body[LastTicks], error) {
	r, err := s.entry(ctx, tokens.ScheduleRead, in.ID)
	if err != nil {
		return nil, err
	}
	sent, err := r.LastTicks(ctx, in.N)
	if err != nil && r.State() == schedule.OK {
		return nil, err
	}
	out := &body[LastTicks]{LastTicks{Items: make([]TickTask, len(sent))}}
	receipts := make([]tasks.Receipt, len(sent))
	for i, tick := range sent {
		receipts[i] = tasks.Receipt{ID: tick.Task, Queue: r.Books.LastQueue}
		if i > 0 { // of the latest the books have the ID
			receipts[i].ID = s.Ticks.TaskID(r.Books.LastQueue, tick.Task)
		}
	}
	states, err := s.Ticks.States(ctx, receipts)
	if err != nil {
		return nil, err
	}
	for i, tick := range sent {
		out.Body.Items[i] = TickTask{At: tick.At, Task: receipts[i].ID, Queue: receipts[i].Queue, State: states[i]}
	}
	since, err := s.Schedule.Untaken(ctx, in.ID)
	if err == nil && !since.IsZero() {
		out.Body.Overdue = &Overdue{since}
	}
	return out, err
}
