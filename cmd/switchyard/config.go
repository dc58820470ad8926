package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net/http"
	"os"

	"go.yaml.in/yaml/v3"

	"switchyard/internal/app"
	"switchyard/internal/command"
	"switchyard/internal/config"
	"switchyard/internal/redact"
	"switchyard/internal/tasks/agents"
)

type configCommand struct {
	Check configCheck `cmd:"" help:"Say whether the configuration is valid, and what is wrong."`
	Print configPrint `cmd:"" help:"Print the whole configuration, secrets hidden."`
	ACL   configACL   `cmd:"" name:"acl" help:"Print the least user of Redis that the daemons can work as."`
}

type configCheck struct {
	Machine bool `help:"Look on this machine, too, for the programs, directories, files and variables that the configuration names, as a worker of the same user would. On by default; leave it out where no worker runs." default:"true" negatable:""`
	Servers bool `help:"Connect to the MCP servers, too, and check the names of their tools. Starts those that are programs."`
}

// Run implements the command. It needs no Redis.
func (cmd configCheck) Run(l *local, out *command.Output) error {
	c, err := l.Load(nil)
	if err != nil {
		return command.With(command.Wrong, err)
	}
	err = app.Check(c)
	if cmd.Machine {
		if here := app.CheckHere(c); here != nil {
			err = errors.Join(err, fmt.Errorf("%w\nThis machine was looked at, too: check where the workers run, as their user and with their variables, or with --no-machine", here))
		}
	}
	if err != nil {
		return command.With(command.Wrong, err)
	}
	if cmd.Servers {
		if err := agents.CheckServers(context.Background(), c.MCPServers, c.Agents, &http.Client{}); err != nil {
			return err
		}
	}
	return cmd.say(c, out)
}

// say says what has been found, where nothing is wrong.
func (cmd configCheck) say(c config.Config, out *command.Output) error {
	remarks, err := app.Remarks(c)
	if err != nil {
		return err
	}
	if out.JSON {
		return out.Encode(map[string]any{"valid": true, "machine": cmd.Machine, "remarks": append([]string{}, remarks...), "redis": redisOf(c)})
	}
	for _, remark := range remarks {
		_, _ = fmt.Fprintln(out, "Remark:", remark)
	}
	looked := ". This machine was not looked at"
	if cmd.Machine {
		looked = fmt.Sprintf(", and what it names is here for user %d", os.Geteuid())
	}
	_, err = fmt.Fprintf(out, "The configuration is valid%s. Redis: %s.\n", looked, redisOf(c))
	return err
}

// redisOf says which Redis a configuration names, and where it does.
func redisOf(c config.Config) string {
	if c.Redis.URL == "" {
		return "none is named"
	}
	return fmt.Sprintf("%s, from %s", redact.URL(c.Redis.URL), cmp.Or(c.Redis.From, "redis.url"))
}

type configPrint struct{}

// Run implements the command. It needs no Redis.
func (configPrint) Run(l *local, out *command.Output) error {
	c, err := l.Load(nil)
	if err != nil {
		return command.With(command.Wrong, err)
	}
	text, err := c.Print()
	if err != nil {
		return err
	}
	if out.JSON {
		var settings map[string]any
		if err := yaml.Unmarshal([]byte(text), &settings); err != nil {
			return fmt.Errorf("configuration as JSON: %w", err)
		}
		return out.Encode(settings)
	}
	_, err = fmt.Fprintf(out, "# Redis: %s.\n%s", redisOf(c), text)
	return err
}
