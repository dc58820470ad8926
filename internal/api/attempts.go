package api

import (
	"context"

	"switchyard/internal/tasks"
	"switchyard/internal/tokens"
)

// TaskAttempt is an attempt at a task. Runs of agents have attempts, too, which are described by
// that name.
type TaskAttempt tasks.Attempt

// Attempts are what is kept of the attempts at a task.
type Attempts struct {
	Items []TaskAttempt `json:"items" doc:"The latest 50, the oldest first. Of a task of which nothing is kept once it has ended, there are none."`
}

func (s *server) attempts(ctx context.Context, in *Named) (*body[Attempts], error) {
	status, err := s.find(ctx, tokens.TasksRead, *in)
	if err != nil {
		return nil, err
	}
	all, err := s.Queue.Attempts(ctx, tasks.Name{Queue: status.Queue, ID: status.ID})
	out := &body[Attempts]{Attempts{[]TaskAttempt{}}}
	for _, one := range all {
		out.Body.Items = append(out.Body.Items, TaskAttempt(one))
	}
	return out, err
}
