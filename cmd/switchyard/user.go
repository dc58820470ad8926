package main

import (
	"context"
	"fmt"

	"switchyard/internal/app"
	"switchyard/internal/command"
	"switchyard/internal/config"
	"switchyard/internal/users"
)

type userCommand struct {
	Set    userSet    `cmd:"" help:"Set a user's preferences and the time of their daily briefing."`
	Show   userShow   `cmd:"" help:"Show a user's preferences."`
	List   userList   `cmd:"" help:"List all users."`
	Remove userRemove `cmd:"" help:"Forget a user and their briefing."`
}

type userSet struct {
	ID      string   `arg:"" help:"User id."`
	Topic   []string `help:"What to be briefed about; repeatable." placeholder:"WORDS" sep:"none"`
	Zone    *string  `help:"IANA time zone (UTC at first)." placeholder:"Europe/Berlin"`
	Time    *string  `help:"Time of day of the briefing in that zone (08:00 at first)." placeholder:"HH:MM"`
	Channel []string `help:"in_app or file; repeatable (in_app at first)."`
}

// Run implements the command. What is not given stays as it was.
func (cmd userSet) Run(f *config.Flags, out *command.Output) error {
	return withSystem(f, func(ctx context.Context, s *app.System) error {
		u, err := s.Users.Change(ctx, cmd.ID, func(u *users.User) {
			if cmd.Topic != nil {
				u.Topics = cmd.Topic
			}
			if cmd.Channel != nil {
				u.Channels = cmd.Channel
			}
			set(&u.Zone, cmd.Zone)
			set(&u.Time, cmd.Time)
		})
		if err != nil {
			return err
		}
		return out.Encode(u)
	})
}

func set[T any](field *T, value *T) {
	if value != nil {
		*field = *value
	}
}

type userShow struct {
	ID string `arg:"" help:"User id."`
}

// Run implements the command.
func (cmd userShow) Run(f *config.Flags, out *command.Output) error {
	return withSystem(f, func(ctx context.Context, s *app.System) error {
		u, found, err := s.Users.Get(ctx, cmd.ID)
		if err != nil {
			return err
		}
		if !found {
			return noUser(cmd.ID)
		}
		return out.Encode(u)
	})
}

func noUser(id string) error {
	return command.With(command.NotFound, fmt.Errorf("no user %q: switchyard user list shows those there are", id))
}

type userList struct{}

// Run implements the command.
func (userList) Run(f *config.Flags, out *command.Output) error {
	return withSystem(f, func(ctx context.Context, s *app.System) error {
		list, err := s.Users.List(ctx)
		if err != nil {
			return err
		}
		return out.Encode(append([]users.User{}, list...))
	})
}

type userRemove struct {
	ID string `arg:"" help:"User id."`
}

// Run implements the command.
func (cmd userRemove) Run(f *config.Flags, out *command.Output) error {
	return withSystem(f, func(ctx context.Context, s *app.System) error {
		found, err := s.Users.Remove(ctx, cmd.ID)
		if err != nil {
			return err
		}
		if !found {
			return noUser(cmd.ID)
		}
		return out.Say(map[string]any{"user": cmd.ID, "changed": true}, "User %s and their briefing are removed.", cmd.ID)
	})
}
