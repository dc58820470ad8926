package api

import (
	"context"
	"errors"
	"fmt"
	"net/http"

	"github.com/danielgtaylor/huma/v2"

	"switchyard/internal/audit"
	"switchyard/internal/cache"
	"switchyard/internal/queue"
	"switchyard/internal/tasks"
	"switchyard/internal/tokens"
)

type cancelInput struct {
	Named
	Keyed
	Body *Cancellation
}

// namedInput names a task with which something is done once.
type namedInput struct {
	Named
	Keyed
}

// Cancellation is why a task is cancelled.
type Cancellation struct {
	Reason string `json:"reason,omitempty" maxLength:"400" doc:"Why. It is kept with the task."`
}

func (s *server) registerChange(api huma.API) {
	errs := []int{http.StatusNotFound, http.StatusConflict}
	operation := func(id, method, path, summary string) huma.Operation {
		return huma.Operation{OperationID: id, Method: method, Path: path, Summary: summary, Tags: []string{"tasks"}, Errors: errs}
	}
	cancel := operation("cancel-task", http.MethodPost, "/v1/tasks/{id}/cancel", "Cancel a task: it never runs again, and a running attempt is asked to stop")
	cancel.Metadata = map[string]any{also: []int{http.StatusAccepted}}
	register(api, cancel, func(ctx context.Context, in *cancelInput) (*taskOutput, error) {
		return s.onceTask(ctx, in.Key, in.Body, func(ctx context.Context) (*taskOutput, error) { return s.cancel(ctx, in) })
	})
	register(api, operation("run-task", http.MethodPost, "/v1/tasks/{id}/run", "Run a task now that waits for a time, is parked or has failed"), s.onceNamed(s.run))
	replay := operation("replay-task", http.MethodPost, "/v1/tasks/{id}/replay", "Send a new task with the payload of one that has ended")
	replay.DefaultStatus, replay.Metadata = http.StatusCreated, map[string]any{also: []int{http.StatusOK}}
	register(api, replay, s.onceNamed(s.replay))
	remove := operation("delete-task", http.MethodDelete, "/v1/tasks/{id}", "Delete a task that does not run")
	remove.DefaultStatus = http.StatusNoContent
	register(api, remove, s.remove)
	patch := operation("change-task", http.MethodPatch, "/v1/tasks/{id}", "Change when a task runs that waits, and by when it must be done")
	patch.Errors = append(patch.Errors, http.StatusPreconditionFailed)
	register(api, patch, s.patch)
}

// onceNamed is onceTask for what is done with a task and needs no body.
func (s *server) onceNamed(do func(context.Context, Named) (*taskOutput, error)) func(context.Context, *namedInput) (*taskOutput, error) {
	return func(ctx context.Context, in *namedInput) (*taskOutput, error) {
		return s.onceTask(ctx, in.Key, nil, func(ctx context.Context) (*taskOutput, error) { return do(ctx, in.Named) })
	}
}

// change is something that is done to tasks for a person.
type change func(ctx context.Context, names []tasks.Name, by audit.Actor) ([]tasks.Handled, error)

// byHand does something to one task.
func (s *server) byHand(ctx context.Context, n Named, do change) (tasks.Handled, error) {
	status, err := s.find(ctx, tokens.TasksCancel, n)
	if err != nil {
		return tasks.Handled{}, err
	}
	all, err := do(ctx, []tasks.Name{{Queue: status.Queue, ID: status.ID}}, CallerOf(ctx).actor())
	if err != nil {
		return tasks.Handled{}, err
	}
	return all[0], refusal(all[0])
}

// refusal returns why nothing was done to a task.
func refusal(h tasks.Handled) error {
	switch {
	case errors.Is(h.Err, queue.ErrNotFound):
		return noSuch("task", h.ID)
	case h.Err == nil, cache.IsRedis(h.Err):
		return h.Err
	}
	p := problem("wrong-state", h.Err.Error())
	p.State = string(h.Was)
	return p
}

func (s *server) cancel(ctx context.Context, in *cancelInput) (*taskOutput, error) {
	status, err := s.find(ctx, tokens.TasksCancel, in.Named)
	if err != nil {
		return nil, err
	}
	if status.State == tasks.StateCancelled { // asked again, it is the same
		out := &taskOutput{Status: http.StatusOK, Body: TaskOf(status)}
		out.Body.Was = status.State
		return out, nil
	}
	why := ""
	if in.Body != nil {
		why = in.Body.Reason
	}
	h, err := s.byHand(ctx, in.Named, func(ctx context.Context, names []tasks.Name, by audit.Actor) ([]tasks.Handled, error) {
		return s.ByHand.CancelTasks(ctx, names, why, by)
	})
	if err != nil {
		return nil, err
	}
	out, err := s.after(ctx, h, h.Name, status)
	if err == nil && h.Now != tasks.StateCancelled && !out.Body.Ended {
		out.Status, out.RetryAfter = http.StatusAccepted, retryAfter
	}
	return out, err
}

func (s *server) run(ctx context.Context, in Named) (*taskOutput, error) {
	h, err := s.byHand(ctx, in, s.ByHand.RunTasks)
	if err != nil {
		return nil, err
	}
	return s.after(ctx, h, h.Name, tasks.Status{ID: h.ID, Queue: h.Queue, State: h.Now})
}

func (s *server) replay(ctx context.Context, in Named) (*taskOutput, error) {
	h, err := s.byHand(ctx, in, s.ByHand.ReplayTasks)
	if err != nil {
		return nil, err
	}
	if h.Again == nil {
		return nil, fmt.Errorf("task %s is not sent again, and nothing says why", h.Name)
	}
	out, err := s.after(ctx, h, tasks.Name{Queue: h.Again.Queue, ID: h.Again.ID}, tasks.Status{ID: h.Again.ID, Kind: h.Again.Kind, Queue: h.Again.Queue, State: tasks.StateWaiting})
	if err != nil {
		return nil, err
	}
	out.Status, out.Location = http.StatusCreated, address(h.Again.Queue, h.Again.ID, "")
	if h.Again.Duplicate {
		out.Status = http.StatusOK
	}
	return out, nil
}

func (s *server) remove(ctx context.Context, in *Named) (*struct{}, error) {
	_, err := s.byHand(ctx, *in, s.ByHand.DeleteTasks)
	return nil, err
}

// after returns a task as it is once h was done; before is what it was, should nothing be kept of
// it any more.
func (s *server) after(ctx context.Context, h tasks.Handled, name tasks.Name, before tasks.Status) (*taskOutput, error) {
	status, found, err := s.Queue.Status(ctx, name.Queue, name.ID)
	if err != nil {
		return nil, err
	}
	if !found {
		status = before
	}
	out := &taskOutput{Status: http.StatusOK, Body: TaskOf(status)}
	out.Body.Was = h.Was
	return out, nil
}
