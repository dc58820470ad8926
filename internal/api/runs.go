package api

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"switchyard/internal/control"
	"switchyard/internal/journal"
	"switchyard/internal/queue"
	"switchyard/internal/tasks"
	"switchyard/internal/tokens"
)

// Run is an agent's run.
type Run struct {
	Task     string            `json:"task" doc:"The task, as queue/ID."`
	Kind     string            `json:"kind"`
	User     string            `json:"user"`
	State    tasks.State       `json:"state"`
	Attempts []journal.Attempt `json:"attempts"`
	Steps    []RunStep         `json:"steps" doc:"In the order in which they began first."`
	Waits    string            `json:"waits,omitempty" doc:"The step that waits for a person, if there is one."`
	Ended    time.Time         `json:"ended,omitzero"`
	Result   json.RawMessage   `json:"result,omitempty"`
	// LastError is the task's, as long as the run has not ended.
	LastError  string       `json:"last_error,omitempty" doc:"What the last attempt that failed has said, if the run has not ended."`
	Usage      *RunUsage    `json:"usage,omitempty" doc:"What all answers of models took together."`
	Transcript []RunMessage `json:"transcript,omitempty" doc:"With transcript=true: the conversation with the model, as far as the journal has it; the latest 200 messages."`
}

type getRunInput struct {
	Named
	Transcript bool `query:"transcript" doc:"Tell the conversation with the model, too."`
}

func (s *server) registerRuns(api huma.API) {
	register(api, huma.Operation{
		OperationID: "get-run", Method: http.MethodGet, Path: "/v1/tasks/{id}/run", Summary: "Look at the steps of an agent's run", Tags: []string{"runs"},
		Errors: []int{http.StatusNotFound},
	}, s.getRun)
	register(api, huma.Operation{
		OperationID: "decide", Method: http.MethodPost, Path: "/v1/tasks/{id}/decisions", Summary: "Decide about the step of a run that waits for a person", Tags: []string{"runs"},
		Errors: []int{http.StatusNotFound, http.StatusConflict},
	}, s.decide)
}

// findRun returns a task that is an agent's run.
func (s *server) findRun(ctx context.Context, action tokens.Action, n Named) (tasks.Status, journal.Run, error) {
	status, err := s.find(ctx, tokens.TasksRead, n)
	if err != nil {
		return status, journal.Run{}, err
	}
	if err := CallerOf(ctx).need(action, ""); err != nil {
		return status, journal.Run{}, err
	}
	run := journal.Run{User: tasks.UserOf(status.Payload), Task: status.Queue + "/" + status.ID, ID: status.Run}
	if tasks.CheckUser(run.User) != nil {
		return status, run, problem("not-found", fmt.Sprintf("task %s is no agent's run: its payload has no user", run.Task))
	}
	return status, run, nil
}

func (s *server) getRun(ctx context.Context, in *getRunInput) (*body[Run], error) {
	status, run, err := s.findRun(ctx, tokens.RunsRead, in.Named)
	if err != nil {
		return nil, err
	}
	h, err := s.Journals.Read(ctx, run)
	if err != nil {
		return nil, err
	}
	out := &body[Run]{Run{Task: run.Task, Kind: status.Kind, User: run.User, State: status.State, Attempts: h.Attempts, Ended: h.Ended, Result: h.Result}}
	out.Body.Steps, out.Body.Usage = runStepsOf(h.Steps)
	if h.Ended.IsZero() {
		out.Body.LastError = status.LastError
	}
	if in.Transcript {
		out.Body.Transcript = transcriptOf(h.Steps)
	}
	if step, ok := h.Undecided(); ok {
		out.Body.Waits = step.Name
	}
	return out, nil
}

type decideInput struct {
	Named
	Body struct {
		Step     string          `json:"step" minLength:"1" doc:"The step that you have seen waiting. Should another one wait by now, nothing is decided."`
		Decision string          `json:"decision" enum:"approve,reject"`
		Result   json.RawMessage `json:"result,omitempty" doc:"With reject: what the step has brought after all."`
	}
}

// Decided is what came of a decision.
type Decided struct {
	Step     string `json:"step"`
	Decision string `json:"decision"`
	GoesOn   bool   `json:"goes_on" doc:"Whether the run goes on at once."`
}

func (s *server) decide(ctx context.Context, in *decideInput) (*body[Decided], error) {
	status, run, err := s.findRun(ctx, tokens.RunsDecide, in.Named)
	if err != nil {
		return nil, err
	}
	v := journal.Verdict{Decision: control.Approved, Step: in.Body.Step}
	if in.Body.Decision == "reject" {
		v.Decision, v.Result = control.Rejected, in.Body.Result
	} else if len(in.Body.Result) > 0 {
		return nil, invalid("/result", errors.New("an approved step brings its own result: leave it out"))
	}
	step, goesOn, err := s.ByHand.Decide(ctx, status, run, v, CallerOf(ctx).actor())
	if errors.Is(err, journal.ErrDecided) || errors.Is(err, journal.ErrOtherStep) {
		p := problem("wrong-state", err.Error())
		p.State = string(status.State)
		return nil, p
	}
	return &body[Decided]{Decided{step, in.Body.Decision, goesOn}}, err
}

// asMissing returns the problem of a thing that is not there.
func asMissing(what, id string, err error) error {
	if errors.Is(err, queue.ErrNoQueue) {
		return noSuch(what, id)
	}
	return err
}
