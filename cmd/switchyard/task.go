package main

import (
	"context"
	"fmt"
	"io"

	"switchyard/internal/app"
	"switchyard/internal/config"
)

type taskCommand struct {
	Show taskShow `cmd:"" help:"Show a task's state, last error and result."`
	Run  taskRun  `cmd:"" help:"Run a delayed, failed, parked or dead task now."`
}

type taskShow struct {
	Queue string `arg:"" help:"Its queue."`
	ID    string `arg:"" help:"Its ID."`
}

// Run implements the command.
func (cmd taskShow) Run(f *config.Flags, out io.Writer) error {
	return withSystem(f, func(ctx context.Context, s *app.System) error {
		status, found, err := s.Queue.Status(ctx, cmd.Queue, cmd.ID)
		if err != nil {
			return err
		}
		if !found {
			return fmt.Errorf("no task %q in queue %q: it may have been done, and its retention be over", cmd.ID, cmd.Queue)
		}
		return printJSON(out, status)
	})
}

type taskRun struct {
	Queue string `arg:"" help:"Its queue."`
	ID    string `arg:"" help:"Its ID."`
}

// Run implements the command.
func (cmd taskRun) Run(f *config.Flags, out io.Writer) error {
	return withSystem(f, func(ctx context.Context, s *app.System) error {
		if err := s.RunNow(ctx, cmd.Queue, cmd.ID, me()); err != nil {
			return err
		}
		_, err := fmt.Fprintf(out, "task %s in %s runs as soon as a worker is free\n", cmd.ID, cmd.Queue)
		return err
	})
}
