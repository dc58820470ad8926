package main

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"

	"switchyard/internal/app"
	"switchyard/internal/command"
	"switchyard/internal/config"
	"switchyard/internal/tasks/agents"

	"github.com/goccy/go-yaml"
)

type configCommand struct {
	Check configCheck `cmd:"" help:"Say whether the configuration is valid, and what is wrong."`
	Print configPrint `cmd:"" help:"Print the whole configuration, secrets hidden."`
}

type configCheck struct {
	Servers bool `help:"Connect to the MCP servers, too, and check the names of their tools. Starts those that are programs."`
}

// Run implements the command. It needs no Redis.
func (cmd configCheck) Run(f *config.Flags, out *command.Output) error {
	c, err := f.Load(nil)
	if err == nil {
		err = app.Check(c)
	}
	if err != nil {
		return command.With(command.Wrong, err)
	}
	if cmd.Servers {
		if err := agents.CheckServers(context.Background(), c.MCPServers, c.Agents, &http.Client{}); err != nil {
			return err
		}
	}
	return out.Say(map[string]bool{"valid": true}, "The configuration is valid.")
}

type configPrint struct{}

// Run implements the command. It needs no Redis.
func (configPrint) Run(f *config.Flags, out *command.Output) error {
	c, err := f.Load(nil)
	if err != nil {
		return command.With(command.Wrong, err)
	}
	text, err := c.Print()
	if err != nil {
		return err
	}
	if out.JSON {
		raw, err := yaml.YAMLToJSON([]byte(text))
		if err != nil {
			return fmt.Errorf("configuration as JSON: %w", err)
		}
		return out.Encode(json.RawMessage(raw))
	}
	_, err = fmt.Fprint(out, text)
	return err
}
