package api

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"time"

	"switchyard/internal/queue"
	"switchyard/internal/tasks"
	"switchyard/internal/tokens"
)

type patchInput struct {
	Named
	Match string `header:"If-Match" doc:"The ETag of the task that is to be changed."`
	Body  Change
}

// Change is what is changed about a task that waits.
type Change struct {
	At        time.Time `json:"at,omitzero" doc:"Not before this moment."`
	In        *Duration `json:"in,omitempty" doc:"Not before so long from now; 0s: now."`
	Expires   time.Time `json:"expires,omitzero" doc:"It must be done by then, or it expires."`
	ExpiresIn *Duration `json:"expires_in,omitempty" doc:"It must be done within so long from now, or it expires."`
}

// change returns the change as the queue takes it.
func (c Change) change(now time.Time) (change tasks.Change, err error) {
	if change.At, err = moment("at", c.At, "in", c.In, now); err == nil {
		change.Deadline, err = moment("expires", c.Expires, "expires_in", c.ExpiresIn, now)
	}
	if err == nil && change == (tasks.Change{}) {
		err = invalid("", errors.New("nothing is to be changed: give at, in, expires or expires_in"))
	}
	return change, err
}

// patch changes a task that waits. With If-Match, nobody else has changed it since the caller saw it.
func (s *server) patch(ctx context.Context, in *patchInput) (*taskOutput, error) {
	change, err := in.Body.change(time.Now())
	if err != nil {
		return nil, err
	}
	status, err := s.find(ctx, tokens.TasksCancel, in.Named)
	if err != nil {
		return nil, err
	}
	var meant func(tasks.Status) bool
	if in.Match != "" && in.Match != "*" {
		meant = func(now tasks.Status) bool { return strings.Contains(in.Match, etagOf(TaskOf(now))) }
	}
	h, err := s.ByHand.ChangeTask(ctx, tasks.Name{Queue: status.Queue, ID: status.ID}, change, meant, CallerOf(ctx).actor())
	if errors.Is(err, queue.ErrChanged) {
		return nil, problem("changed", err.Error())
	}
	if err != nil {
		return nil, err
	}
	if err := refusal(h); err != nil {
		return nil, err
	}
	out, err := s.after(ctx, h, h.Name, status)
	if err == nil {
		now := out.Body
		now.Was = "" // as whoever looks at it sees it
		out.Status, out.ETag = http.StatusOK, etagOf(now)
	}
	return out, err
}
