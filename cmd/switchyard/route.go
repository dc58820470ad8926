package main

import (
	"fmt"
	"io"

	"switchyard/internal/config"
)

type routeCommand struct {
	Explain routeExplain `cmd:"" help:"Say which rule sends a kind where, and what it may do."`
}

type routeExplain struct {
	Kind string `arg:"" help:"Kind, such as agent_job_scout."`
}

// Run implements the command. It needs no Redis.
func (cmd routeExplain) Run(f *config.Flags, out io.Writer) error {
	c, err := f.Load(nil)
	if err != nil {
		return err
	}
	table, err := c.Table()
	if err != nil {
		return err
	}
	text, err := table.Explain(cmd.Kind)
	if err != nil {
		return err
	}
	_, err = fmt.Fprint(out, text)
	return err
}
