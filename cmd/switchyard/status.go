package main

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"text/tabwriter"

	"switchyard/internal/command"
	"switchyard/internal/control"
	"switchyard/internal/events"
)

type statusCommand struct {
	whose
	Follow bool   `help:"Go on with the user's events, as they come."`
	After  *int64 `help:"With --follow: begin behind the event of this number, as far as it is kept." placeholder:"SEQ"`
}

// Run implements the command.
func (cmd statusCommand) Run(c *connection, out *command.Output) error {
	user, err := cmd.user()
	if err != nil {
		return err
	}
	if user == control.Everyone && (cmd.Follow || cmd.After != nil) {
		return command.With(command.Wrong, errors.New("--follow follows one user: leave out --all"))
	}
	return c.withBrake(func(ctx context.Context, d door) error {
		if user == control.Everyone {
			return cmd.all(ctx, d, out)
		}
		status, err := d.BrakeStatus(ctx, user)
		if err != nil {
			return err
		}
		if err := out.Encode(status); err != nil || !cmd.Follow {
			return err
		}
		after := status.Seq
		if cmd.After != nil {
			after = *cmd.After
		}
		err = d.Follow(ctx, user, after, func(e events.Event) error {
			_, err := fmt.Fprintln(out, e.JSON)
			return err
		})
		if errors.Is(err, context.Canceled) {
			err = nil // Ctrl-C
		}
		return err
	})
}

// all prints who is paused, and what waits for a decision.
func (cmd statusCommand) all(ctx context.Context, d door, out *command.Output) error {
	all, err := d.Overview(ctx)
	if err != nil {
		return err
	}
	if out.JSON {
		return out.Encode(all)
	}
	words := all.Everyone.Words
	if words == "" {
		words = "everyone's brake is off"
	}
	if _, err := fmt.Fprintln(out, words); err != nil || len(all.Users) == 0 {
		return err
	}
	table := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	_, _ = fmt.Fprintln(table, "USER\tSTATE\tRUNS\tPARKED\tWAITS FOR A DECISION\tSTOPPED") // the flush brings what fails
	for _, u := range all.Users {
		_, _ = fmt.Fprintf(table, "%s\t%s\t%d\t%d\t%s\t%s\n", u.User, u.State, len(u.Runs), u.Parked, dash(strings.Join(u.Decisions(), ", ")), stoppedBy(u))
	}
	return table.Flush()
}

// stoppedBy says by whom a user is stopped and since when.
func stoppedBy(u control.BrakeStatus) string {
	if len(u.Stops) == 0 {
		return "-"
	}
	stop := u.Stops[0]
	return fmt.Sprintf("%s by %s", stop.Since.UTC().Format("2006-01-02 15:04:05Z"), stop.By)
}
