package main

import (
	"context"
	"fmt"
	"strings"

	"switchyard/internal/command"
	"switchyard/internal/users"
)

type editionCommand struct {
	Set    editionSet    `cmd:"" help:"Add or change an edition. What is not given stays."`
	Remove editionRemove `cmd:"" help:"End an edition."`
}

type editionSet struct {
	User    string   `arg:"" help:"User id."`
	Name    string   `arg:"" help:"The edition's name, such as weekly. The first one is called daily."`
	Day     []string `help:"Weekday on which it comes, such as sun, or all, which means all but the quiet days; repeatable (all at first)." placeholder:"DAY"`
	Items   *int     `help:"How many pages it has at most; 0: as many as the configuration says." placeholder:"N"`
	Section []string `help:"news, paused, decisions, failed, done, or all; repeatable (all at first)."`
	Tone    *string  `help:"How the agent is to write that writes the texts." placeholder:"WORDS"`
}

// Run implements the command.
func (cmd editionSet) Run(c *connection, out *command.Output) error {
	change := users.EditionChanges{Days: anew(cmd.Day, "all"), Items: cmd.Items, Sections: anew(cmd.Section, "all"), Tone: cmd.Tone}
	return changeEditions(c, out, cmd.User, users.Changes{Editions: map[string]users.EditionChanges{cmd.Name: change}})
}

type editionRemove struct {
	User string `arg:"" help:"User id."`
	Name string `arg:"" help:"The edition's name."`
}

// Run implements the command.
func (cmd editionRemove) Run(c *connection, out *command.Output) error {
	return changeEditions(c, out, cmd.User, users.Changes{DropEditions: []string{cmd.Name}})
}

// changeEditions changes the editions of a user who is there.
func changeEditions(c *connection, out *command.Output, id string, changes users.Changes) error {
	return c.with(func(ctx context.Context, d door) error {
		u, err := d.User(ctx, id)
		if err != nil {
			return err
		}
		for _, name := range changes.DropEditions {
			if _, found := u.Edition(name); !found {
				return command.With(command.NotFound, fmt.Errorf("user %q has no edition %.40q: there is %s", id, name, strings.Join(u.EditionNames(), ", ")))
			}
		}
		u, err = d.ChangeUser(ctx, id, changes)
		if err != nil {
			return err
		}
		return out.Encode(u)
	})
}
