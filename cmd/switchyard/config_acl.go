package main

import (
	"fmt"
	"net/url"
	"strings"

	"switchyard/internal/command"
	"switchyard/internal/rights"
)

type configACL struct {
	User string `default:"switchyard" help:"Name of the user."`
}

// Run implements the command. It needs no Redis.
func (cmd configACL) Run(l *local, out *command.Output) error {
	c, err := l.Load(nil)
	if err != nil {
		return command.With(command.Wrong, err)
	}
	needs := rights.Needs{Prefix: c.Redis.Prefix, Celery: c.CeleryKeys(), Channels: c.CeleryChannels(), Asynqmon: c.Monitor.Pages}
	if u, err := url.Parse(c.Redis.URL); err == nil {
		needs.Cluster = strings.HasSuffix(u.Scheme, "-cluster")
	}
	if out.JSON {
		return out.Encode(needs.Rules())
	}
	_, err = fmt.Fprintln(out, needs.Lines(cmd.User))
	return err
}
