package main

import (
	"cmp"
	"context"
	"errors"
	"strings"

	"switchyard/internal/app"
	"switchyard/internal/command"
)

type scheduleDisown struct {
	Owner  string `arg:"" optional:"" help:"Whose configuration file they are in, as schedule show says. Without one: those that are nobody's."`
	Remove bool   `help:"Remove them. Otherwise they run on, and belong to whose configuration has them next."`
}

// Run implements the command.
func (cmd scheduleDisown) Run(l *local, out *command.Output) error {
	if cmd.Owner == "" && !cmd.Remove {
		return command.With(command.Wrong, errors.New("schedule disown: name an owner, or remove what is nobody's with --remove"))
	}
	return withSystem(l.Flags, func(ctx context.Context, s *app.System) error {
		ids, err := s.Schedule.Disown(ctx, cmd.Owner, cmd.Remove)
		if err != nil {
			return err
		}
		done := "Given up"
		if cmd.Remove {
			done = "Removed"
		}
		return out.Say(map[string]any{"owner": cmd.Owner, "entries": append([]string{}, ids...), "removed": cmd.Remove}, "%s: %s.", done, cmp.Or(strings.Join(ids, ", "), "none"))
	})
}
