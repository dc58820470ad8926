package app

import (
	"context"
	"errors"
	"fmt"

	"switchyard/internal/audit"
	"switchyard/internal/journal"
	"switchyard/internal/tasks"
)

// Decide writes a person's verdict about a run that waits for one, and runs its task again. It
// returns the step, "" if nothing was decided, and whether the task goes on.
func (s *System) Decide(ctx context.Context, task tasks.Status, run journal.Run, v journal.Verdict, by audit.Actor) (step string, goesOn bool, err error) {
	if err := s.Queues.Check(ctx, task.Queue); err != nil {
		return "", false, err
	}
	if task.State.Ended() && task.State != tasks.StateSucceeded {
		return "", false, fmt.Errorf("the task is %s, and waits for nobody: run it with switchyard task run %s %s, and decide when it waits again", task.State, task.Queue, task.ID)
	}
	if step, err = s.Journals.Decide(ctx, run, v); err != nil {
		return "", false, err
	}
	goesOn, err = s.Operator().Continue(ctx, run.Task)
	noted := s.Audit.Write(ctx, audit.Record{Actor: by, Did: string(v.Decision), User: run.User, Task: run.Task, Detail: step})
	return step, goesOn, errors.Join(err, noted)
}

// RunNow runs a task that waits, is parked or dead, at once, for a person.
func (s *System) RunNow(ctx context.Context, queue, id string, by audit.Actor) error {
	task, found, err := s.Queue.Status(ctx, queue, id)
	if err == nil {
		err = s.Queues.Check(ctx, queue)
	}
	if err != nil {
		return err
	}
	if err := s.Queue.RunNow(queue, id); err != nil {
		return err
	}
	r := audit.Record{Actor: by, Did: "run now", Task: queue + "/" + id}
	if found {
		r.User, r.Detail = tasks.UserOf(task.Payload), "it was "+string(task.State)
	}
	return s.Audit.Write(ctx, r)
}
