package main

import (
	"context"
	"fmt"
	"text/tabwriter"

	"switchyard/internal/command"
	"switchyard/internal/tasks"
)

type taskList struct {
	taskFilter
	Limit int    `help:"How many at most, up to 1000." default:"100"`
	After string `help:"Go on where the list before has stopped." placeholder:"PLACE"`
}

// Run implements the command.
func (cmd taskList) Run(c *connection, out *command.Output) error {
	return c.with(func(ctx context.Context, d door) error {
		found, err := cmd.read(ctx, d)
		if err != nil {
			return err
		}
		if out.JSON {
			return out.Encode(found)
		}
		w := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
		_, _ = fmt.Fprintln(w, "TASK\tKIND\tSTATE\tSINCE\tNEXT RUN\tRETRIED\tUSER\tERROR") // the flush brings what fails
		for _, t := range found.Tasks {
			name := tasks.Name{Queue: t.Queue, ID: printable(t.ID)}
			_, _ = fmt.Fprintf(w, "%s\t%s\t%s\t%s\t%s\t%d/%d\t%s\t%s\n", name, orDash(printable(t.Kind)), t.State, moment(t.Since), moment(t.NextRun),
				t.Retried, t.Retries, orDash(printable(tasks.UserOf(t.Payload))), orDash(brief(t)))
		}
		if err := w.Flush(); err != nil {
			return err
		}
		if found.Next != "" {
			_, err = fmt.Fprintf(out, "There may be more: --after=%s\n", found.Next)
		}
		return err
	})
}

// read returns as many tasks as are wanted, or all there are.
func (cmd taskList) read(ctx context.Context, d door) (tasks.Page, error) {
	found := tasks.Page{Tasks: []tasks.Status{}, Next: cmd.After}
	for {
		page, err := d.List(ctx, cmd.filter(), cmd.Limit-len(found.Tasks), found.Next)
		if err != nil {
			return found, err
		}
		found.Tasks, found.Next = append(found.Tasks, page.Tasks...), page.Next
		if page.Next == "" || len(found.Tasks) >= cmd.Limit {
			return found, nil
		}
	}
}

// maxError bounds an error in a table, in characters.
const maxError = 80

// brief returns what is wrong with a task, for a table.
func brief(t tasks.Status) string {
	text := []rune(printable(t.LastError))
	if t.Broken != "" {
		text = []rune(printable(t.Broken))
	}
	if len(text) > maxError {
		return string(text[:maxError]) + "…"
	}
	return string(text)
}
