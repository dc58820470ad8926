package main

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"switchyard/internal/command"
	"switchyard/internal/control"
	"switchyard/internal/tasks"
)

// errUnconfirmed is the error of a pause that not every run has followed.
var errUnconfirmed = errors.New("not every run has stopped: no step of theirs begins any more; see their workers")

// whose is the user or users a command is about.
type whose struct {
	User string `arg:"" optional:"" help:"User id."`
	All  bool   `help:"Everyone instead of one user."`
}

// user returns whom the command is about.
func (w whose) user() (string, error) {
	if w.All == (w.User != "") {
		return "", command.With(command.Wrong, errors.New("give a user, or --all for everyone"))
	}
	if w.All {
		return control.Everyone, nil
	}
	return w.User, tasks.CheckUser(w.User)
}

type pauseCommand struct {
	whose
}

// Run implements the command. It fails if not every run has stopped.
func (cmd pauseCommand) Run(c *connection, out *command.Output) error {
	user, err := cmd.user()
	if err != nil {
		return err
	}
	return c.withBrake(func(ctx context.Context, d door) error {
		receipt, err := d.Pause(ctx, user)
		if receipt.User == "" {
			return err
		}
		printed := out.Say(receipt, "%s", describe(receipt))
		if err == nil && len(receipt.Unconfirmed) > 0 {
			err = errUnconfirmed
		}
		return errors.Join(err, printed)
	})
}

// describe says a receipt in a line.
func describe(r control.BrakeReceipt) string {
	unconfirmed := "none"
	if len(r.Unconfirmed) > 0 {
		unconfirmed = strings.Join(r.Unconfirmed, ", ")
	}
	already := ""
	if !r.Changed {
		already = " (it was paused already)"
	}
	return fmt.Sprintf("%d of %d stopped in %s; parked: %d; not confirmed: %s%s",
		len(r.Found)-len(r.Unconfirmed), len(r.Found), r.Took.Round(time.Millisecond), r.Parked, unconfirmed, already)
}

type resumeCommand struct{ whose }

// Run implements the command.
func (cmd resumeCommand) Run(c *connection, out *command.Output) error {
	user, err := cmd.user()
	if err != nil {
		return err
	}
	return c.withBrake(func(ctx context.Context, d door) error {
		resumed, err := d.Resume(ctx, user)
		if resumed.User == "" {
			return err
		}
		text := fmt.Sprintf("%d parked tasks go on", len(resumed.Tasks))
		if !resumed.Changed {
			text += " (it was not paused)"
		}
		if len(resumed.Stops) > 0 {
			text += "\nnothing else does yet: " + control.Words(resumed.Stops)
		}
		return errors.Join(err, out.Say(resumed, "%s", text))
	})
}
