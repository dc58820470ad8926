package main

import (
	"context"
	"errors"
	"fmt"
	"time"

	"switchyard/internal/app"
	"switchyard/internal/command"
	"switchyard/internal/config"
	"switchyard/internal/tasks"
)

type taskCommand struct {
	List   taskList   `cmd:"" help:"List tasks."`
	Show   taskShow   `cmd:"" help:"Show all that is known of a task: its state, error, progress and result."`
	Wait   taskWait   `cmd:"" help:"Wait until a task has ended, and print its result."`
	Cancel taskCancel `cmd:"" help:"End tasks, wherever they are."`
	Run    taskRun    `cmd:"" help:"Run tasks now that are scheduled, held, retrying, parked, failed, cancelled or expired."`
	Replay taskReplay `cmd:"" help:"Do tasks again that have ended, each as a new one."`
	Change taskMove   `cmd:"" help:"Change when a task runs that waits, and by when it must be done."`
	Delete taskDelete `cmd:"" help:"Remove tasks that do not run, and all that is kept of them."`
}

type taskShow struct {
	Task string `arg:"" help:"Its ID, or queue/ID."`
}

// Run implements the command.
func (cmd taskShow) Run(f *config.Flags, out *command.Output) error {
	return withSystem(f, func(ctx context.Context, s *app.System) error {
		status, err := s.Queue.Find(ctx, cmd.Task)
		if err != nil {
			return err
		}
		return out.Encode(status)
	})
}

// errOver ends a wait that has a timeout.
var errOver = errors.New("the time for waiting is over")

type taskWait struct {
	Task    string        `arg:"" help:"Its ID, or queue/ID."`
	Timeout time.Duration `help:"Wait no longer than this. 0: for as long as it takes." default:"0s"`
}

// Run implements the command. It fails unless the task has succeeded.
func (cmd taskWait) Run(f *config.Flags, out *command.Output) error {
	return withSystem(f, func(ctx context.Context, s *app.System) error {
		found, err := s.Queue.Find(ctx, cmd.Task)
		if err != nil {
			return err
		}
		if cmd.Timeout > 0 {
			var cancel context.CancelFunc
			ctx, cancel = context.WithTimeoutCause(ctx, cmd.Timeout, errOver)
			defer cancel()
		}
		status, err := s.Queue.Wait(ctx, tasks.Name{Queue: found.Queue, ID: found.ID})
		if err != nil && errors.Is(context.Cause(ctx), errOver) {
			return command.With(command.TimedOut, err)
		}
		if err != nil {
			return err
		}
		if status.State != tasks.StateSucceeded {
			return fmt.Errorf("task %s is %s: %s", status.ID, status.State, printable(status.LastError))
		}
		if status.Result == nil {
			return nil
		}
		return out.Encode(status.Result)
	})
}
