package main

import (
	"context"
	"fmt"
	"os"
	"os/user"
	"text/tabwriter"
	"time"

	"switchyard/internal/audit"
	"switchyard/internal/command"
	"switchyard/internal/control"
)

// me is whoever gives a command.
func me() audit.Actor {
	actor := audit.Actor{Via: audit.Command}
	if u, err := user.Current(); err == nil {
		actor.Name = u.Username
	}
	if host, err := os.Hostname(); err == nil {
		actor.From = host
	}
	return actor
}

type auditCommand struct {
	User  string `help:"Only what was done to this user." placeholder:"ID"`
	Limit int    `help:"How many of the latest records." default:"50"`
}

// Run implements the command.
func (cmd auditCommand) Run(c *connection, out *command.Output) error {
	if cmd.Limit < 1 || cmd.Limit > 10_000 {
		return command.With(command.Wrong, fmt.Errorf("--limit is %d: use 1 to 10000", cmd.Limit))
	}
	return c.with(func(ctx context.Context, d door) error {
		records, err := d.AuditRecords(ctx, cmd.User, cmd.Limit)
		if err != nil {
			return err
		}
		if out.JSON {
			return out.Encode(records)
		}
		table := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
		_, _ = fmt.Fprintln(table, "WHEN\tWHO\tDID\tUSER\tTASK\tDETAIL") // the flush brings what fails
		for _, r := range records {
			whom := dash(r.User)
			if r.User == control.Everyone {
				whom = "everyone"
			}
			_, _ = fmt.Fprintf(table, "%s\t%s\t%s\t%s\t%s\t%s\n", r.At.Format(time.RFC3339), r.Actor, r.Did, whom, dash(r.Task), dash(r.Detail))
		}
		return table.Flush()
	})
}

// dash stands for what is not there.
func dash(s string) string {
	if s == "" {
		return "-"
	}
	return s
}
