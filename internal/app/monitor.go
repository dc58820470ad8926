package app

import (
	"context"
	"errors"
	"net"
	"net/http"
	"sync"

	"go.uber.org/zap"

	"switchyard/docs"
	"switchyard/internal/config"
	"switchyard/internal/console"
	"switchyard/internal/daemon"
	"switchyard/internal/monitor"
	"switchyard/internal/queue"
	"switchyard/internal/rights"
	"switchyard/internal/series"
	"switchyard/internal/tasks"
)

// NewMonitor returns the monitor's pages.
//
// The caller runs waiter as long as the pages are served.
func (s *System) NewMonitor(waiter *queue.Waiter, checks ...daemon.Check) (*monitor.Handler, error) {
	proxies, err := s.Config.Monitor.Networks()
	if err != nil {
		return nil, err
	}
	door := s.newAPI(waiter)
	var pages http.Handler
	if s.Config.Monitor.Pages {
		if pages, err = s.newConsole(door); err != nil {
			return nil, err
		}
	}
	return monitor.New(monitor.Options{
		Client:    s.Redis,
		Users:     monitorUsers(s.Config),
		Proxies:   proxies,
		Briefings: briefingPages{s.Briefings},
		Readers:   readerLinks{s},
		Console:   pages,
		Audit:     s.Audit,
		Docs:      docs.Pages,
		Health:    daemon.Health(),
		Ready:     daemon.Ready(checks...),
		Metrics:   daemon.Metrics(s.Metrics),
		Charts:    s.Config.Monitor.Prometheus,
		API:       door,
		Tokens:    callers{s.Tokens},
		Origins:   s.Config.Monitor.Origins,
		APIOnly:   !s.Config.Monitor.Pages,
		Log:       s.Log,
	})
}

// newConsole returns what operators work with, which asks the API.
func (s *System) newConsole(door http.Handler) (http.Handler, error) {
	return console.New(console.Options{
		API: door, Sanitize: monitor.Sanitize, Traces: s.Config.Monitor.Traces, Log: s.Log,
		Links: []console.Link{
			{Href: "/asynqmon/", Name: "asynqmon", Key: "q", Whole: true}, {Href: "/docs/", Name: "Documentation", Key: "h"}, {Href: "/v1/", Name: "HTTP API"},
			{Href: "/metrics", Name: "Metrics", Whole: true}, {Href: "/readyz", Name: "Ready"},
		},
	})
}

func monitorUsers(c config.Config) []monitor.User {
	list := make([]monitor.User, len(c.Monitor.Users))
	for i, u := range c.Monitor.Users {
		list[i] = monitor.User{Name: u.Name, PasswordHash: u.PasswordHash.Reveal(), Role: monitor.Role(u.Role)}
		if u.User != nil {
			list[i].Bound = *u.User
		}
	}
	return list
}

// ListenMonitor binds the monitor's address, refusing to be open to a network without
// users.
func ListenMonitor(c config.Config) (net.Listener, error) {
	if err := monitor.CheckListen(c.Monitor.Listen, monitorUsers(c)); err != nil {
		return nil, err
	}
	return daemon.Listen(c.Monitor.Listen)
}

// RunMonitor is the monitor daemon, with kinds of a program's own.
func RunMonitor(c config.Config, log *zap.Logger, own ...tasks.Definition) error {
	s, err := Open(c, log, own...)
	if err != nil {
		return err
	}
	defer func() { _ = s.Close() }()
	s.serveAs(rights.Monitor)
	s.exportProcess("monitor")
	s.exportDeployment()
	waiter := queue.NewWaiter(s.Queue)
	this := listed{roles: []string{roleMonitor}, ready: daemon.NewReadiness(append(s.checks(), s.monitorChecks()...))}
	pages, err := s.NewMonitor(waiter, this.ready.Checks()...)
	if err != nil {
		return err
	}
	listener, err := ListenMonitor(c)
	if err != nil {
		return err
	}
	stop, release := daemon.Signals(0) // whoever reads the line below may stop us
	defer release()
	log.Info("monitor", zap.String("url", "http://"+listener.Addr().String()+"/"))
	return s.whileKnown(stop, func(stop daemon.Stop) error {
		var beside sync.WaitGroup
		defer beside.Wait()
		beside.Go(func() { waiter.Run(stop.Quiet) })
		beside.Go(func() { s.countTokens(stop.Quiet) })
		beside.Go(func() { s.sample(stop.Quiet) })
		beside.Go(func() { s.keepListed(stop.Quiet, stop.Quiet, this) })
		return daemon.Serve(stop.Quiet, listener, s.Config.Monitor.Connections, pages, log)
	})
}

// sample keeps how full the queues are, for charts, until ctx ends.
func (s *System) sample(ctx context.Context) {
	series.NewSampler(s.Series, s.Queue, s.Config.QueueNames(), s.Log).Run(ctx)
}

// monitorChecks are the readiness of the monitor: what its pages show can be read, and Redis's user
// may do what asynqmon does. A Redis that does for nobody what asynqmon needs is said once, and does
// not take the rest of the monitor away.
func (s *System) monitorChecks() []daemon.Check {
	readable := func(ctx context.Context) error {
		_, err := s.Queue.Sizes(ctx)
		return err
	}
	checks := []daemon.Check{{Name: "queues", Test: readable}}
	if s.Config.Monitor.Pages {
		needs := s.needs(rights.Monitor)
		needs.Asynqmon = true
		watch := rights.NewWatch(s.Redis, needs)
		var once sync.Once
		checks = append(checks, daemon.Check{Name: "asynqmon", Test: func(ctx context.Context) error {
			err := watch.Check(ctx)
			if !errors.Is(err, rights.ErrNoAsynqmon) {
				return err
			}
			once.Do(func() { s.Log.Warn("asynqmon is not all there", zap.Error(err)) })
			return nil
		}})
	}
	return checks
}
