package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"switchyard/internal/app"
	"switchyard/internal/config"
	"switchyard/internal/control"
)

// errUnconfirmed is the error of a pause that not every run has followed.
var errUnconfirmed = errors.New("not every run has stopped: no step of theirs begins any more; see their workers")

// whose is the user or users a command is about.
type whose struct {
	User string `arg:"" optional:"" help:"User id."`
	All  bool   `help:"Everyone instead of one user."`
}

func (w whose) check() error {
	if w.All == (w.User != "") {
		return errors.New("give a user, or --all for everyone")
	}
	return nil
}

type pauseCommand struct {
	whose
	JSON bool `name:"json" help:"Print the receipt as JSON."`
}

// Run implements the command. It fails if not every run has stopped.
func (cmd pauseCommand) Run(f *config.Flags, out io.Writer) error {
	if err := cmd.check(); err != nil {
		return err
	}
	return withSystem(f, func(ctx context.Context, s *app.System) error {
		pause := func() (control.Receipt, error) { return s.Operator().Pause(ctx, cmd.User) }
		if cmd.All {
			pause = func() (control.Receipt, error) { return s.Operator().PauseAll(ctx) }
		}
		receipt, err := pause()
		if err != nil {
			return err
		}
		if cmd.JSON {
			err = printJSON(out, receipt)
		} else {
			_, err = fmt.Fprintln(out, describe(receipt))
		}
		if err == nil && len(receipt.Unconfirmed) > 0 {
			err = errUnconfirmed
		}
		return err
	})
}

// describe says a receipt in a line.
func describe(r control.Receipt) string {
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
func (cmd resumeCommand) Run(f *config.Flags, out io.Writer) error {
	if err := cmd.check(); err != nil {
		return err
	}
	return withSystem(f, func(ctx context.Context, s *app.System) error {
		resume := func() (bool, []string, error) { return s.Operator().Resume(ctx, cmd.User) }
		if cmd.All {
			resume = func() (bool, []string, error) { return s.Operator().ResumeAll(ctx) }
		}
		changed, resumed, err := resume()
		if err != nil {
			return err
		}
		was := ""
		if !changed {
			was = " (it was not paused)"
		}
		_, err = fmt.Fprintf(out, "%d parked tasks go on%s\n", len(resumed), was)
		return err
	})
}

type statusCommand struct {
	User   string `arg:"" help:"User id."`
	Follow bool   `help:"Go on with the events of the user's status channel, as they come."`
}

// Run implements the command.
func (cmd statusCommand) Run(f *config.Flags, out io.Writer) error {
	return withSystem(f, func(ctx context.Context, s *app.System) error {
		var events *control.Subscription
		if cmd.Follow {
			var err error
			if events, err = s.Bus.Subscribe(ctx, control.Status, cmd.User); err != nil {
				return err
			}
			defer func() { _ = events.Close() }()
		}
		status, err := s.Brake.Look(ctx, cmd.User)
		if err != nil {
			return err
		}
		if err := printJSON(out, status); err != nil || !cmd.Follow {
			return err
		}
		for {
			event, err := events.Receive(ctx)
			if ctx.Err() != nil {
				return nil // Ctrl-C
			}
			if err != nil {
				return err
			}
			if _, err := fmt.Fprintln(out, event); err != nil {
				return err
			}
		}
	})
}
