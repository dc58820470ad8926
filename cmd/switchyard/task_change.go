package main

import (
	"context"

	"switchyard/internal/app"
	"switchyard/internal/command"
	"switchyard/internal/config"
	"switchyard/internal/tasks"
)

type taskCancel struct {
	taskChoice
	Why string `help:"Why, to be read with the task."`
}

// Run implements the command.
func (cmd taskCancel) Run(f *config.Flags, out *command.Output) error {
	return cmd.do(f, out, "Cancel", func(ctx context.Context, s *app.System, names []tasks.Name) ([]tasks.Handled, error) {
		return s.CancelTasks(ctx, names, cmd.Why, me())
	})
}

type taskRun struct{ taskChoice }

// Run implements the command.
func (cmd taskRun) Run(f *config.Flags, out *command.Output) error {
	return cmd.do(f, out, "Run", func(ctx context.Context, s *app.System, names []tasks.Name) ([]tasks.Handled, error) {
		return s.RunTasks(ctx, names, me())
	})
}

type taskReplay struct{ taskChoice }

// Run implements the command.
func (cmd taskReplay) Run(f *config.Flags, out *command.Output) error {
	return cmd.do(f, out, "Replay", func(ctx context.Context, s *app.System, names []tasks.Name) ([]tasks.Handled, error) {
		return s.ReplayTasks(ctx, names, me())
	})
}

type taskDelete struct{ taskChoice }

// Run implements the command.
func (cmd taskDelete) Run(f *config.Flags, out *command.Output) error {
	return cmd.do(f, out, "Delete", func(ctx context.Context, s *app.System, names []tasks.Name) ([]tasks.Handled, error) {
		return s.DeleteTasks(ctx, names, me())
	})
}
