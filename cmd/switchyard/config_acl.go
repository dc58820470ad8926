package main

import (
	"cmp"
	"fmt"
	"net/url"
	"strings"

	"switchyard/internal/command"
	"switchyard/internal/rights"
)

type configACL struct {
	Role rights.Role `help:"What the user is for: worker, scheduler, monitor or producer. Without it, all of them and these commands." enum:",worker,scheduler,monitor,producer" default:""`
	User string      `help:"Name of the user: that of the role if left out, or switchyard."`
}

// Run implements the command. It needs no Redis.
func (cmd configACL) Run(l *local, out *command.Output) error {
	c, err := l.Load(nil)
	if err != nil {
		return command.With(command.Wrong, err)
	}
	needs := rights.Needs{Role: cmd.Role, Prefix: c.Redis.Prefix, Celery: c.CeleryKeys(), Channels: c.CeleryChannels(), Asynqmon: c.Monitor.Pages}
	if u, err := url.Parse(c.Redis.URL); err == nil {
		needs.Cluster = strings.HasSuffix(u.Scheme, "-cluster")
	}
	if out.JSON {
		return out.Encode(needs.Rules())
	}
	_, err = fmt.Fprintln(out, needs.Lines(cmp.Or(cmd.User, string(cmd.Role), "switchyard")))
	return err
}
