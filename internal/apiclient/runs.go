package apiclient

import (
	"context"
	"fmt"
	"net/http"

	"switchyard/internal/api"
	"switchyard/internal/control"
	"switchyard/internal/journal"
	"switchyard/internal/tasks"
)

// History returns the steps of the run of a task.
func (c *Client) History(ctx context.Context, task tasks.Name) (*journal.History, error) {
	path, query := named(task.String())
	var r api.Run
	_, _, err := c.do(ctx, request{method: http.MethodGet, path: path + "/run", query: query}, &r)
	h := &journal.History{Attempts: r.Attempts, Ended: r.Ended, Result: r.Result}
	for _, s := range r.Steps {
		h.Steps = append(h.Steps, s.Step)
	}
	return h, err
}

// Decide writes a person's verdict about the step of a run that waits for one, and has its task go
// on. It returns the step, "" if nothing was decided, and whether the task goes on. The API wants
// to know about which step: if the verdict does not say, it is the one that waits now.
func (c *Client) Decide(ctx context.Context, task tasks.Name, v journal.Verdict) (step string, goesOn bool, err error) {
	if v.Step == "" {
		h, err := c.History(ctx, task)
		if err != nil {
			return "", false, err
		}
		waits, ok := h.Undecided()
		if !ok {
			return "", false, fmt.Errorf("run %s: %w", task, journal.ErrDecided)
		}
		v.Step = waits.Name
	}
	decision := map[string]any{"step": v.Step, "decision": "approve"}
	if v.Decision == control.Rejected {
		decision["decision"] = "reject"
		if len(v.Result) > 0 {
			decision["result"] = v.Result
		}
	}
	path, query := named(task.String())
	var d api.Decided
	_, _, err = c.do(ctx, request{method: http.MethodPost, path: path + "/decisions", query: query, body: decision}, &d)
	return d.Step, d.GoesOn, err
}
