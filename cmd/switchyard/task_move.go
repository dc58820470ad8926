package main

import (
	"context"
	"errors"
	"time"

	"switchyard/internal/command"
	"switchyard/internal/tasks"
)

type taskMove struct {
	Task string `arg:"" help:"Its ID, or queue/ID."`

	At        time.Time      `help:"Run it at this time (RFC 3339)." xor:"when"`
	In        *time.Duration `help:"Run it after this long; 0s: now." xor:"when"`
	Expires   time.Time      `help:"It must be done by this time (RFC 3339)." xor:"until"`
	ExpiresIn *time.Duration `help:"It must be done within this long." xor:"until"`
}

// Run implements the command.
func (cmd taskMove) Run(c *connection, out *command.Output) error {
	change := tasks.Change{At: cmd.At, Deadline: cmd.Expires}
	now := time.Now()
	if cmd.In != nil {
		change.At = now.Add(*cmd.In)
	}
	if cmd.ExpiresIn != nil {
		change.Deadline = now.Add(*cmd.ExpiresIn)
	}
	if change == (tasks.Change{}) {
		return command.With(command.Wrong, errors.New("nothing is to be changed: give --at, --in, --expires or --expires-in"))
	}
	return c.with(func(ctx context.Context, d door) error {
		found, err := d.Find(ctx, cmd.Task)
		if err != nil {
			return err
		}
		h, err := d.ChangeTask(ctx, tasks.Name{Queue: found.Queue, ID: found.ID}, change)
		if err = errors.Join(err, h.Err); err != nil {
			return refused(err)
		}
		return out.Encode(handled{Task: h.String(), Was: h.Was, Now: h.Now})
	})
}
