package main

import (
	"context"
	"fmt"
	"io"
	"net/http"

	"switchyard/internal/app"
	"switchyard/internal/config"
	"switchyard/internal/tasks/agents"
)

type configCommand struct {
	Check configCheck `cmd:"" help:"Say whether the configuration is valid, and what is wrong."`
	Print configPrint `cmd:"" help:"Print the whole configuration, secrets hidden."`
	ACL   configACL   `cmd:"" name:"acl" help:"Print the least user of Redis that the daemons can work as."`
}

type configCheck struct {
	Servers bool `help:"Connect to the MCP servers, too, and check the names of their tools. Starts those that are programs."`
}

// Run implements the command. It needs no Redis.
func (cmd configCheck) Run(f *config.Flags, out io.Writer) error {
	c, err := f.Load(nil)
	if err != nil {
		return err
	}
	if err := app.Check(c); err != nil {
		return err
	}
	if cmd.Servers {
		if err := agents.CheckServers(context.Background(), c.MCPServers, c.Agents, &http.Client{}); err != nil {
			return err
		}
	}
	_, err = fmt.Fprintln(out, "The configuration is valid.")
	return err
}

type configPrint struct{}

// Run implements the command. It needs no Redis.
func (configPrint) Run(f *config.Flags, out io.Writer) error {
	c, err := f.Load(nil)
	if err != nil {
		return err
	}
	text, err := c.Print()
	if err != nil {
		return err
	}
	_, err = fmt.Fprint(out, text)
	return err
}
