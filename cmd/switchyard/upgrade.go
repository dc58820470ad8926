package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"strings"
	"text/tabwriter"
	"time"

	"switchyard/internal/app"
	"switchyard/internal/command"
	"switchyard/internal/layout"
)

type upgradeCommand struct {
	Check  upgradeCheck  `cmd:"" help:"Say whether this program may work on what is stored in Redis, which older daemons live, and what stops the way back. Changes nothing. Exit status 4 if it may not."`
	Finish upgradeFinish `cmd:"" help:"Have all programs write the latest layout that this one knows, once no older one lives. From then on there is no way back."`
}

type upgradeCheck struct {
	Target string `arg:"" optional:"" help:"The release to go back to, such as 0.1.0. Exit status 1 if something is in the way. By default the way to the release before this one is told, and fails nothing."`
}

// Run implements the command.
func (cmd upgradeCheck) Run(l *local, out *command.Output) error {
	target, err := layout.Find(cmp.Or(cmd.Target, layout.Last().Version))
	if err != nil {
		return command.With(command.Wrong, err)
	}
	return withSystem(l.Flags, func(ctx context.Context, s *app.System) error {
		u, err := s.LookAtUpgrade(ctx, target)
		if err != nil {
			return err
		}
		if out.JSON {
			err = out.Encode(u)
		} else {
			err = printUpgrade(u, out)
		}
		if n := len(u.Stops); err == nil && n > 0 && cmd.Target != "" {
			err = fmt.Errorf("something is in the way to release %s: %d of what was found says what to do first", u.Target, n)
		}
		return err
	})
}

func printUpgrade(u app.Upgrade, out *command.Output) error {
	stored := "Nothing is stored here yet."
	if at := u.Stored; at != nil {
		stored = fmt.Sprintf("Stored: layout %d, which %s began on %s.", at.Writes, printable(at.By), at.At.Format(time.RFC3339))
		if len(at.Unknown) > 0 {
			stored += fmt.Sprintf("\nNewer programs have used what this one does not know: %s.", printable(strings.Join(at.Unknown, ", ")))
		}
	}
	_, _ = fmt.Fprintf(out, "%s\nThis program: release %s, which knows layouts up to %d. It may work here.\n", stored, u.Release, u.Knows) // the flush brings what fails
	for _, l := range u.Older {
		_, _ = fmt.Fprintf(out, "Older: %s.\n", printable(l.String()))
	}
	if len(u.Older) == 0 {
		_, _ = fmt.Fprintln(out, "No older daemon is seen.")
	}
	if len(u.Stops) == 0 {
		_, err := fmt.Fprintf(out, "Nothing is in the way to release %s.\n", u.Target)
		return err
	}
	_, _ = fmt.Fprintf(out, "In the way to release %s:\n", u.Target)
	w := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	for _, s := range u.Stops {
		count := fmt.Sprint(s.Count)
		if s.More {
			count += " or more"
		}
		_, _ = fmt.Fprintf(w, "%s\t%s: %s\n\t%s\n\tFirst: %s.\n", printable(s.Name), printable(s.What), count, printable(s.Does), printable(s.First))
	}
	return w.Flush()
}

type upgradeFinish struct {
	Except []string `help:"A process, as host:pid, that may live on: one that is no daemon of Switchyard, such as a foreign asynq server." placeholder:"HOST:PID"`
}

// finished is what a script gets.
type finished struct {
	Before int `json:"before"`
	Writes int `json:"writes"`
}

// Run implements the command.
func (cmd upgradeFinish) Run(l *local, out *command.Output) error {
	return withSystem(l.Flags, func(ctx context.Context, s *app.System) error {
		before, writes, err := s.FinishUpgrade(ctx, cmd.Except, me())
		if errors.As(err, new(*app.LivingError)) {
			return command.With(command.Refused, err)
		}
		if err != nil {
			return err
		}
		f := finished{before, writes}
		switch {
		case writes == 0:
			return out.Say(f, "nothing to finish: nothing is stored here yet")
		case before == writes:
			return out.Say(f, "nothing to finish: layout %d is written, and this program knows none after it", writes)
		}
		return out.Say(f, "layout %d is written from now on, in place of %d: older programs refuse to work", writes, before)
	})
}
