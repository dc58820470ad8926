package app

import (
	"time"

	"switchyard/internal/hosts"
	"switchyard/internal/polite"
	"switchyard/internal/web"
	"switchyard/internal/web/robots"
)

const (
	// agentPatience is how long an agent that reads a page waits for the turn of its host.
	agentPatience = 20 * time.Second
	// turnMargin is how long a turn at a host may last beyond the fetch: what came of it is written.
	turnMargin = 30 * time.Second
)

// newFetcher returns what fetches pages for the workers of a system. The caller closes its connections.
func (s *System) newFetcher() *polite.Fetcher {
	c := s.Config.Fetcher
	f := &polite.Fetcher{
		Web: web.NewFetcher(web.Options{
			UserAgent: c.UserAgent, Timeout: c.Timeout, MaxBody: c.MaxBody, MaxDecoded: c.MaxDecoded, AllowPrivate: c.AllowPrivate,
		}),
		Turns:  hosts.NewTurns(s.Redis, s.Config.Redis.Prefix, c.Timeout+turnMargin),
		Policy: c.Politeness.Policy(),
	}
	if c.Politeness.Robots {
		f.Robots = robots.NewKeeper(s.Redis, s.Config.Redis.Prefix, c.UserAgent, f.Web, time.Now)
	}
	return f
}
