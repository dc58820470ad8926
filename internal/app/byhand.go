package app

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"

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
		return "", false, fmt.Errorf("the task is %s, and waits for nobody: run it with switchyard task run %s/%s, and decide when it waits again", task.State, task.Queue, task.ID)
	}
	if step, err = s.Journals.Decide(ctx, run, v); err != nil {
		return "", false, err
	}
	goesOn, err = s.Operator().Continue(ctx, run.Task)
	noted := s.Audit.Write(ctx, audit.Record{Actor: by, Did: string(v.Decision), User: run.User, Task: run.Task, Detail: step})
	return step, goesOn, errors.Join(err, noted)
}

// CancelTasks ends tasks, for a person. See [queue.Client.Cancel].
func (s *System) CancelTasks(ctx context.Context, names []tasks.Name, why string, by audit.Actor) ([]tasks.Handled, error) {
	return s.byHand(ctx, "cancel", names, by, func(some []tasks.Name) ([]tasks.Handled, error) {
		return s.Queue.Cancel(ctx, some, tasks.Cancellation{By: by.String(), Why: why})
	})
}

// RunTasks makes tasks ready that are scheduled, held, parked, retrying or have ended and not
// succeeded, for a person.
func (s *System) RunTasks(ctx context.Context, names []tasks.Name, by audit.Actor) ([]tasks.Handled, error) {
	return s.byHand(ctx, "run now", names, by, func(some []tasks.Name) ([]tasks.Handled, error) { return s.Queue.Run(ctx, some), nil })
}

// ReplayTasks adds for each of tasks that have ended a new one, for a person.
func (s *System) ReplayTasks(ctx context.Context, names []tasks.Name, by audit.Actor) ([]tasks.Handled, error) {
	return s.byHand(ctx, "replay", names, by, func(some []tasks.Name) ([]tasks.Handled, error) { return s.Queue.Replay(ctx, some), nil })
}

// DeleteTasks removes tasks that do not run, for a person.
func (s *System) DeleteTasks(ctx context.Context, names []tasks.Name, by audit.Actor) ([]tasks.Handled, error) {
	return s.byHand(ctx, "delete", names, by, func(some []tasks.Name) ([]tasks.Handled, error) { return s.Queue.Delete(ctx, some), nil })
}

// ChangeTask changes when a task runs that waits, and by when it must be done, for a person. See
// [queue.Client.Change].
func (s *System) ChangeTask(ctx context.Context, name tasks.Name, change tasks.Change, meant func(tasks.Status) bool, by audit.Actor) (tasks.Handled, error) {
	if err := s.Queues.Check(ctx, name.Queue); err != nil {
		return tasks.Handled{}, err
	}
	h, err := s.Queue.Change(ctx, name, change, meant)
	if err != nil || h.Err != nil {
		return h, err
	}
	detail := fmt.Sprintf("%s; it was %s", change, h.Was)
	return h, s.Audit.Write(ctx, audit.Record{Actor: by, Did: "change", User: h.For, Task: h.String(), Detail: detail})
}

// noteAtOnce is how many tasks are dealt with before it is noted who did it.
const noteAtOnce = 100

// byHand does something to tasks, and writes down who did it to which. It ends early with ctx;
// what it returns is what was done until then.
func (s *System) byHand(ctx context.Context, did string, names []tasks.Name, by audit.Actor, do func([]tasks.Name) ([]tasks.Handled, error)) ([]tasks.Handled, error) {
	queues := map[string]bool{}
	for _, name := range names {
		queues[name.Queue] = true
	}
	if err := s.Queues.Check(ctx, slices.Sorted(maps.Keys(queues))...); err != nil {
		return nil, err
	}
	var all []tasks.Handled
	for some := range slices.Chunk(names, noteAtOnce) {
		if ctx.Err() != nil {
			return all, ctx.Err()
		}
		handled, err := do(some)
		all = append(all, handled...)
		for _, h := range handled {
			if h.Err == nil {
				err = errors.Join(err, s.noteByHand(ctx, did, h, by))
			}
		}
		if err != nil {
			return all, err
		}
	}
	return all, nil
}

func (s *System) noteByHand(ctx context.Context, did string, h tasks.Handled, by audit.Actor) error {
	detail := "it was " + string(h.Was)
	if h.Again != nil {
		detail = "again as " + h.Again.ID
	}
	return s.Audit.Write(ctx, audit.Record{Actor: by, Did: did, User: h.For, Task: h.String(), Detail: detail})
}

// PauseQueue has no worker take tasks from a queue, for a person; with pause false, they do again.
// It reports whether that was not so before.
func (s *System) PauseQueue(ctx context.Context, queue string, pause bool, by audit.Actor) (bool, error) {
	if err := s.Queues.Check(ctx, queue); err != nil {
		return false, err
	}
	did, change := "resume queue", s.Queue.ResumeQueue
	if pause {
		did, change = "pause queue", s.Queue.PauseQueue
	}
	changed, err := change(ctx, queue)
	if err != nil || !changed {
		return changed, err
	}
	return true, s.Audit.Write(ctx, audit.Record{Actor: by, Did: did, Detail: queue})
}
