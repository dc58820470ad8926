package main

import (
	"context"
	"errors"
	"fmt"
	"text/tabwriter"
	"time"

	"switchyard/internal/app"
	"switchyard/internal/command"
	"switchyard/internal/tasks/briefings"
)

type briefingCommand struct {
	List   briefingList   `cmd:"" help:"List the briefings that are kept, newest first."`
	Show   briefingShow   `cmd:"" help:"Show a briefing, and what became of it on each channel."`
	Doubts briefingDoubts `cmd:"" help:"List the deliveries that wait for a person."`
	Again  briefingAgain  `cmd:"" help:"Send a briefing again on a channel where it failed, or may have."`
	Settle briefingSettle `cmd:"" help:"Leave such a delivery as it is: nothing is sent."`
}

type briefingList struct {
	User  string `arg:"" optional:"" help:"User id. Everybody if not given."`
	Limit int    `help:"How many." default:"30"`
}

// Run implements the command.
func (cmd briefingList) Run(l *local, out *command.Output) error {
	if cmd.Limit < 1 || cmd.Limit > 1000 {
		return command.With(command.Wrong, fmt.Errorf("--limit is %d: use 1 to 1000", cmd.Limit))
	}
	return withSystem(l.Flags, func(ctx context.Context, s *app.System) error {
		page, err := s.Briefings.List(ctx, briefings.Query{User: cmd.User, Limit: cmd.Limit})
		if err != nil {
			return err
		}
		if out.JSON {
			return out.Encode(page.Briefings)
		}
		table := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
		_, _ = fmt.Fprintln(table, "ID\tUSER\tWRITTEN\tITEMS") // the flush brings what fails
		for _, b := range page.Briefings {
			_, _ = fmt.Fprintf(table, "%s\t%s\t%s\t%d\n", b.ID, b.User, b.Created.Format(time.RFC3339), len(b.Items))
		}
		return table.Flush()
	})
}

type briefingShow struct {
	ID string `arg:"" help:"The briefing's ID."`
}

// Run implements the command.
func (cmd briefingShow) Run(l *local, out *command.Output) error {
	return withSystem(l.Flags, func(ctx context.Context, s *app.System) error {
		b, found, err := s.Briefings.Get(ctx, cmd.ID)
		if err != nil {
			return err
		}
		if !found {
			return command.With(command.NotFound, fmt.Errorf("no briefing %q: switchyard briefing list shows those that are kept", cmd.ID))
		}
		ledger, err := s.Briefings.Ledger(ctx, cmd.ID)
		if err != nil {
			return err
		}
		if out.JSON {
			return out.Encode(map[string]any{"briefing": b, "deliveries": ledger})
		}
		text, err := b.Text()
		if err != nil {
			return err
		}
		_, _ = fmt.Fprintf(out, "%s\nDeliveries:\n", text)
		for _, e := range ledger {
			_, _ = fmt.Fprintf(out, "  %s %s", e.Channel, e.State)
			if !e.At.IsZero() {
				_, _ = fmt.Fprintf(out, ", %s", e.At.Format(time.RFC3339))
			}
			if e.Detail != "" {
				_, _ = fmt.Fprintf(out, ": %s", e.Detail)
			}
			_, _ = fmt.Fprintln(out)
		}
		return nil
	})
}

type briefingDoubts struct{}

// Run implements the command.
func (briefingDoubts) Run(l *local, out *command.Output) error {
	return withSystem(l.Flags, func(ctx context.Context, s *app.System) error {
		doubts, err := s.Briefings.Doubts(ctx, "", briefings.MaxDoubts)
		if err != nil {
			return err
		}
		if out.JSON {
			return out.Encode(append([]briefings.Doubt{}, doubts...))
		}
		table := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
		_, _ = fmt.Fprintln(table, "BRIEFING\tCHANNEL\tSINCE\tWHY")
		for _, d := range doubts {
			_, _ = fmt.Fprintf(table, "%s\t%s\t%s\t%s\n", d.Briefing, d.Channel, d.At.Format(time.RFC3339), dash(d.Detail))
		}
		return table.Flush()
	})
}

// delivery names a briefing on a channel on the command line.
type delivery struct {
	ID      string `arg:"" help:"The briefing's ID."`
	Channel string `arg:"" help:"The channel."`
}

type briefingAgain struct{ delivery }

// Run implements the command.
func (cmd briefingAgain) Run(l *local, out *command.Output) error {
	return cmd.decide(l, out, true, "Briefing %s is sent by %s again.")
}

type briefingSettle struct{ delivery }

// Run implements the command.
func (cmd briefingSettle) Run(l *local, out *command.Output) error {
	return cmd.decide(l, out, false, "Briefing %s is not sent by %s any more.")
}

func (cmd delivery) decide(l *local, out *command.Output, again bool, said string) error {
	return withSystem(l.Flags, func(ctx context.Context, s *app.System) error {
		err := s.DecideDelivery(ctx, cmd.ID, cmd.Channel, again, me())
		if errors.Is(err, briefings.ErrNoDelivery) {
			return command.With(command.NotFound, err)
		}
		if err != nil {
			return err
		}
		return out.Say(map[string]any{"briefing": cmd.ID, "channel": cmd.Channel, "again": again}, said, cmd.ID, cmd.Channel)
	})
}
