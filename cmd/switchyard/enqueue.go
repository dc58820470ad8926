package main

import (
	"context"
	"fmt"
	"os"
	"time"

	"switchyard/internal/command"
	"switchyard/internal/tasks"
)

type enqueueCommand struct {
	Kind    string `arg:"" help:"Kind of task, such as scrape_page."`
	Payload string `arg:"" optional:"" help:"Its payload as a JSON object, @FILE to read it from a file, - from standard input."`

	ID        string            `help:"Task ID; a task with this ID is not added again."`
	Queue     string            `help:"Queue instead of the one the kind is routed to."`
	In        time.Duration     `help:"Run it after this long." xor:"when"`
	At        time.Time         `help:"Run it at this time (RFC 3339)." xor:"when"`
	Deadline  time.Time         `help:"Never run it after this time (RFC 3339)."`
	Unique    time.Duration     `help:"Refuse the same task again for this long while it waits or runs."`
	Retention time.Duration     `help:"Keep its result at least this long."`
	Tag       []string          `help:"What it is found by, such as order:4711; repeatable."`
	Meta      map[string]string `help:"What you note with it; repeatable." placeholder:"NAME=TEXT"`
}

// Run implements the command.
func (cmd enqueueCommand) Run(c *connection, out *command.Output) error {
	if cmd.In < 0 {
		return fmt.Errorf("--in is %s: give how long from now on, such as 10m", cmd.In)
	}
	payload, err := readPayload(cmd.Payload, os.Stdin)
	if err != nil {
		return err
	}
	return c.with(func(ctx context.Context, d door) error {
		receipt, err := d.Send(ctx, tasks.Raw{Name: cmd.Kind, Payload: []byte(payload)}, cmd.In, tasks.Options{
			ID: cmd.ID, Queue: cmd.Queue, At: cmd.At, Deadline: cmd.Deadline, Unique: cmd.Unique, Retention: cmd.Retention, Tags: cmd.Tag, Meta: cmd.Meta,
		})
		if err != nil {
			return err
		}
		return out.Encode(receipt)
	})
}
