package apiclient

import (
	"context"
	"errors"
	"net/http"
	"sync"

	"switchyard/internal/api"
	"switchyard/internal/tasks"
)

// atOnce is how many tasks are changed at a time.
const atOnce = 8

// CancelTasks ends tasks, and returns what became of each, in their order. The error says that the
// rest was not tried.
func (c *Client) CancelTasks(ctx context.Context, names []tasks.Name, why string) ([]tasks.Handled, error) {
	body := api.Cancellation{Reason: why}
	return each(ctx, names, func(n tasks.Name) tasks.Handled {
		h, _ := c.change(ctx, n, http.MethodPost, "/cancel", body)
		return h
	})
}

// RunTasks makes tasks ready, and returns what became of each, as [Client.CancelTasks] does.
func (c *Client) RunTasks(ctx context.Context, names []tasks.Name) ([]tasks.Handled, error) {
	return each(ctx, names, func(n tasks.Name) tasks.Handled {
		h, _ := c.change(ctx, n, http.MethodPost, "/run", nil)
		if h.Err == nil {
			h.Now = tasks.StateWaiting // what is there by now may run already
		}
		return h
	})
}

// ReplayTasks adds for each task a new one, and returns what became of each, as
// [Client.CancelTasks] does.
func (c *Client) ReplayTasks(ctx context.Context, names []tasks.Name) ([]tasks.Handled, error) {
	return each(ctx, names, func(n tasks.Name) tasks.Handled {
		h, again := c.change(ctx, n, http.MethodPost, "/replay", nil)
		if h.Err == nil {
			h.Again, h.Now = &again, h.Was
		}
		return h
	})
}

// DeleteTasks removes tasks, and returns what became of each, as [Client.CancelTasks] does.
func (c *Client) DeleteTasks(ctx context.Context, names []tasks.Name) ([]tasks.Handled, error) {
	return each(ctx, names, func(n tasks.Name) tasks.Handled {
		before, err := c.Find(ctx, n.String()) // the answer to what is deleted has nothing to tell
		if err != nil {
			return tasks.Handled{Name: n, Err: err}
		}
		h, _ := c.change(ctx, n, http.MethodDelete, "", nil)
		h.Was = before.State
		return h
	})
}

// ChangeTask changes when a task runs that waits, and by when it must be done.
func (c *Client) ChangeTask(ctx context.Context, name tasks.Name, change tasks.Change) (tasks.Handled, error) {
	h, _ := c.change(ctx, name, http.MethodPatch, "", api.Change{At: change.At, Expires: change.Deadline})
	return h, nil
}

// change does something to a task. It returns what became of it, and the receipt of the task that
// the answer is about.
func (c *Client) change(ctx context.Context, n tasks.Name, method, what string, body any) (tasks.Handled, tasks.Receipt) {
	path, query := named(n.String())
	var task api.Task
	var out any = &task
	if method == http.MethodDelete {
		out = nil
	}
	status, _, err := c.do(ctx, request{method: method, path: path + what, query: query, body: body}, out)
	h := tasks.Handled{Name: n, Was: task.Was, Now: task.State, For: task.User, Err: err}
	var answered *AnswerError
	if errors.As(err, &answered) && answered.Problem != nil {
		h.Was = tasks.State(answered.Problem.State)
	}
	receipt := task.Receipt()
	receipt.Duplicate = status == http.StatusOK
	return h, receipt
}

// each does something to tasks, some at a time. It ends early with ctx, and when the API cannot be
// asked: then the tasks that follow would only fail alike.
func each(ctx context.Context, names []tasks.Name, do func(tasks.Name) tasks.Handled) ([]tasks.Handled, error) {
	all := make([]tasks.Handled, 0, len(names))
	for begin := 0; begin < len(names); begin += atOnce {
		some := make([]tasks.Handled, min(atOnce, len(names)-begin))
		var working sync.WaitGroup
		for i := range some {
			working.Go(func() { some[i] = do(names[begin+i]) })
		}
		working.Wait()
		all = append(all, some...)
		for _, h := range some {
			if unable(h.Err) {
				return all, h.Err
			}
		}
		if ctx.Err() != nil {
			return all, context.Cause(ctx)
		}
	}
	return all, nil
}

// unable reports whether an error is about the API as a whole and not about one task.
func unable(err error) bool {
	var answered *AnswerError
	if !errors.As(err, &answered) {
		return err != nil
	}
	return answered.Status == http.StatusUnauthorized || answered.Temporary() || answered.Problem == nil
}
