package main

import (
	"context"
	"fmt"

	"switchyard/internal/command"
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
func (cmd userSet) Run(c *connection, out *command.Output) error {
	return c.with(func(ctx context.Context, d door) error {
		u, err := d.ChangeUser(ctx, cmd.ID, users.Changes{Topics: cmd.Topic, Zone: cmd.Zone, Time: cmd.Time, Channels: cmd.Channel})
		if err != nil {
			return err
		}
		return out.Encode(u)
	})
}

type userShow struct {
	ID string `arg:"" help:"User id."`
}

// Run implements the command.
func (cmd userShow) Run(c *connection, out *command.Output) error {
	return c.with(func(ctx context.Context, d door) error {
		u, err := d.User(ctx, cmd.ID)
		if err != nil {
			return err
		}
		return out.Encode(u)
	})
}

func noUser(id string) error {
	return command.With(command.NotFound, fmt.Errorf("no user %q: switchyard user list shows those there are", id))
}

type userList struct{}

// Run implements the command.
func (userList) Run(c *connection, out *command.Output) error {
	return c.with(func(ctx context.Context, d door) error {
		list, err := d.Users(ctx)
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
func (cmd userRemove) Run(c *connection, out *command.Output) error {
	return c.with(func(ctx context.Context, d door) error {
		if err := d.RemoveUser(ctx, cmd.ID); err != nil {
			return err
		}
		return out.Say(map[string]any{"user": cmd.ID, "changed": true}, "User %s and their briefing are removed.", cmd.ID)
	})
}
