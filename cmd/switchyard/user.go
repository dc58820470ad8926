package main

import (
	"context"
	"fmt"
	"slices"

	"switchyard/internal/app"
	"switchyard/internal/command"
	"switchyard/internal/users"
)

type userCommand struct {
	Set     userSet        `cmd:"" help:"Set a user's preferences and the time of their briefings."`
	Edition editionCommand `cmd:"" help:"Give a user several briefings, such as a weekly one beside the daily one."`
	Show    userShow       `cmd:"" help:"Show a user's preferences."`
	List    userList       `cmd:"" help:"List all users."`
	Remove  userRemove     `cmd:"" help:"Forget a user and their briefings."`
	Feed    userFeed       `cmd:"" help:"Show the secret addresses of a user's archive and its Atom feed."`
}

type userSet struct {
	ID       string   `arg:"" help:"User id."`
	Topic    []string `help:"What to be briefed about; repeatable." placeholder:"WORDS" sep:"none"`
	Language []string `help:"Code of a language that the user reads, such as en, or all; repeatable (all at first)." placeholder:"CODE"`
	Zone     *string  `help:"IANA time zone (UTC at first)." placeholder:"Europe/Berlin"`
	Time     *string  `help:"Time of day of the briefing in that zone (08:00 at first)." placeholder:"HH:MM"`
	Channel  []string `help:"in_app, file, email, webhook or chat; repeatable (in_app at first)."`
	QuietDay []string `help:"Weekday without a briefing, such as sat, or none; repeatable. Editions with days of their own come nevertheless." placeholder:"DAY"`
	Email    *string  `help:"Where the channel email goes." placeholder:"ADDRESS"`
	Webhook  *string  `help:"Where the channel webhook goes." placeholder:"URL"`
	Chat     *string  `help:"Where the channel chat goes: the name of a configured chat." placeholder:"NAME"`
}

// changes are what the flags ask for. What is not given stays as it was.
func (cmd userSet) changes() users.Changes {
	c := users.Changes{
		Topics: cmd.Topic, Zone: cmd.Zone, Time: cmd.Time, Channels: cmd.Channel,
		Email: cmd.Email, Webhook: cmd.Webhook, Chat: cmd.Chat,
	}
	c.QuietDays = anew(cmd.QuietDay, "none")
	c.Languages = anew(cmd.Language, "all")
	return c
}

// anew returns what a repeatable flag asks for: nil if it was not given, and no values if it has the
// word that takes all of them away.
func anew(values []string, clear string) *[]string {
	switch {
	case slices.Equal(values, []string{clear}):
		return &[]string{}
	case len(values) > 0:
		return &values
	}
	return nil
}

// Run implements the command.
func (cmd userSet) Run(c *connection, out *command.Output) error {
	return c.with(func(ctx context.Context, d door) error {
		u, err := d.ChangeUser(ctx, cmd.ID, cmd.changes())
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

type userFeed struct {
	ID     string `arg:"" help:"User id."`
	Rotate bool   `help:"Replace the addresses: the old ones lead nowhere from then on."`
}

// Run implements the command.
func (cmd userFeed) Run(l *local, out *command.Output) error {
	return withSystem(l.Flags, func(ctx context.Context, s *app.System) error {
		if _, found, err := s.Users.Get(ctx, cmd.ID); err != nil {
			return err
		} else if !found {
			return noUser(cmd.ID)
		}
		archive, feed, err := s.ArchiveOf(ctx, cmd.ID, cmd.Rotate, me())
		if err != nil {
			return err
		}
		return out.Say(map[string]any{"user": cmd.ID, "archive": archive, "feed": feed}, "Archive: %s\nFeed:    %s", archive, feed)
	})
}
