package main

import (
	"context"
	"fmt"
	"text/tabwriter"
	"time"

	"switchyard/internal/command"
)

type usageCommand struct {
	User string `arg:"" optional:"" help:"User id. Everybody if not given."`
	Days int    `help:"How many days back, with today." default:"7"`
}

// Run implements the command.
func (cmd usageCommand) Run(c *connection, out *command.Output) error {
	if cmd.Days < 1 || cmd.Days > 62 {
		return command.With(command.Wrong, fmt.Errorf("--days is %d: use 1 to 62, for so long it is kept", cmd.Days))
	}
	return c.with(func(ctx context.Context, d door) error {
		lines, err := d.Spent(ctx, cmd.User, time.Now().AddDate(0, 0, 1-cmd.Days))
		if err != nil {
			return err
		}
		if out.JSON {
			return out.Encode(lines)
		}
		table := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
		_, _ = fmt.Fprintln(table, "USER\tDAY\tAGENT\tCALLS\tTOKENS\tMONEY")
		for _, l := range lines {
			_, _ = fmt.Fprintf(table, "%s\t%s\t%s\t%d\t%d\t%.4f\n", l.User, l.Day, l.Agent, l.Calls, l.Tokens, l.Money)
		}
		return table.Flush()
	})
}
