package main

import (
	"context"

	"switchyard/internal/command"
	"switchyard/internal/tasks"
)

type taskCancel struct {
	taskChoice
	Why string `help:"Why, to be read with the task."`
}

// Run implements the command.
func (cmd taskCancel) Run(c *connection, out *command.Output) error {
	return cmd.do(c, out, "Cancel", func(ctx context.Context, d door, names []tasks.Name) ([]tasks.Handled, error) {
		return d.CancelTasks(ctx, names, cmd.Why)
	})
}

type taskRun struct{ taskChoice }

// Run implements the command.
func (cmd taskRun) Run(c *connection, out *command.Output) error {
	return cmd.do(c, out, "Run", func(ctx context.Context, d door, names []tasks.Name) ([]tasks.Handled, error) {
		return d.RunTasks(ctx, names)
	})
}

type taskReplay struct{ taskChoice }

// Run implements the command.
func (cmd taskReplay) Run(c *connection, out *command.Output) error {
	return cmd.do(c, out, "Replay", func(ctx context.Context, d door, names []tasks.Name) ([]tasks.Handled, error) {
		return d.ReplayTasks(ctx, names)
	})
}

type taskDelete struct{ taskChoice }

// Run implements the command.
func (cmd taskDelete) Run(c *connection, out *command.Output) error {
	return cmd.do(c, out, "Delete", func(ctx context.Context, d door, names []tasks.Name) ([]tasks.Handled, error) {
		return d.DeleteTasks(ctx, names)
	})
}
