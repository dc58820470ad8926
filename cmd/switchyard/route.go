package main

import (
	"strings"

	"switchyard/internal/command"
)

type routeCommand struct {
	Explain routeExplain `cmd:"" help:"Say which rule sends a kind where, and what it may do."`
}

type routeExplain struct {
	Kind string `arg:"" help:"Kind, such as agent_job_scout."`
	User string `help:"Whose tasks, where a rule has a share of the users." placeholder:"ID"`
}

// Run implements the command. It needs no Redis.
func (cmd routeExplain) Run(l *local, out *command.Output) error {
	c, err := l.Load(nil)
	if err != nil {
		return command.With(command.Wrong, err)
	}
	table, err := c.Table()
	if err != nil {
		return err
	}
	route, err := table.RouteFor(cmd.Kind, cmd.User)
	if err != nil {
		return command.With(command.Wrong, err)
	}
	text, err := table.Explain(cmd.Kind, cmd.User)
	if err != nil {
		return err
	}
	p := route.Policy
	policy := map[string]any{
		"retries": p.Retries, "losses": p.Losses, "retry_delay": p.RetryDelay.String(), "soft_limit": p.SoftLimit.String(),
		"hard_limit": p.HardLimit.String(), "retention": p.Retention.String(), "unique": p.Unique.String(),
	}
	return out.Say(map[string]any{"kind": route.Kind, "queue": route.Queue, "policy": policy}, "%s", strings.TrimSpace(text))
}
