package main

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"text/tabwriter"

	"switchyard/internal/command"
	"switchyard/internal/queue"
)

type queueCommand struct {
	List   queueList   `cmd:"" help:"List the queues, with how many tasks are in which state."`
	Pause  queuePause  `cmd:"" help:"Have no worker take tasks from a queue. What runs goes on."`
	Resume queueResume `cmd:"" help:"Have workers take tasks from a queue again."`
}

type queueList struct {
}

// Run implements the command.
func (cmd queueList) Run(c *connection, out *command.Output) error {
	return c.with(func(ctx context.Context, d door) error {
		sizes, err := d.Sizes(ctx)
		if err != nil {
			return err
		}
		slices.SortFunc(sizes, func(a, b queue.Size) int { return cmp.Compare(a.Queue, b.Queue) })
		if out.JSON {
			return out.Encode(sizes)
		}
		w := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
		_, _ = fmt.Fprintln(w, "QUEUE\tWAITING\tHELD\tRUNNING\tSCHEDULED\tRETRYING, PARKED\tFAILED, CANCELLED\tSTATE") // the flush brings what fails
		for _, q := range sizes {
			state := "open"
			if q.Paused {
				state = "paused"
			}
			_, _ = fmt.Fprintf(w, "%s\t%d\t%d\t%d\t%d\t%d\t%d\t%s\n", printable(q.Queue), q.Waiting, q.Held, q.Running, q.Scheduled, q.Retrying, q.Failed, state)
		}
		return w.Flush()
	})
}

type queuePause struct {
	Queue string `arg:"" help:"Its name."`
}

// Run implements the command.
func (cmd queuePause) Run(c *connection, out *command.Output) error {
	return pauseQueue(c, out, cmd.Queue, true)
}

type queueResume struct {
	Queue string `arg:"" help:"Its name."`
}

// Run implements the command.
func (cmd queueResume) Run(c *connection, out *command.Output) error {
	return pauseQueue(c, out, cmd.Queue, false)
}

func pauseQueue(c *connection, out *command.Output, name string, pause bool) error {
	return c.with(func(ctx context.Context, d door) error {
		changed, err := d.PauseQueue(ctx, name, pause)
		if err != nil {
			return err
		}
		state, already := "open", ""
		if pause {
			state = "paused"
		}
		if !changed {
			already = " already"
		}
		return out.Say(map[string]any{"queue": name, "state": state, "changed": changed}, "queue %s is %s%s", name, state, already)
	})
}
