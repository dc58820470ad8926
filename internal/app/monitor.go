package app

import (
	"context"
	"net"
	"slices"
	"sync"

	"go.uber.org/zap"

	"switchyard/docs"
	"switchyard/internal/calendar"
	"switchyard/internal/config"
	"switchyard/internal/control"
	"switchyard/internal/daemon"
	"switchyard/internal/monitor"
	"switchyard/internal/queue"
	"switchyard/internal/rights"
	"switchyard/internal/schedule"
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
	return monitor.New(monitor.Options{
		Client:    s.Redis,
		Users:     monitorUsers(s.Config),
		Proxies:   proxies,
		Briefings: briefingPages{s.Briefings},
		Readers:   readerLinks{s},
		Schedule:  schedulePage{s.Schedule},
		Queues:    queueSizes{s.Queue},
		Brake:     brakePage{s.Operator()},
		Audit:     s.Audit,
		Docs:      docs.Pages,
		Health:    daemon.Health(),
		Ready:     daemon.Ready(checks...),
		Metrics:   daemon.Metrics(s.Metrics),
		Charts:    s.Config.Monitor.Prometheus,
		API:       s.newAPI(waiter),
		Tokens:    callers{s.Tokens},
		Origins:   s.Config.Monitor.Origins,
		APIOnly:   !s.Config.Monitor.Pages,
		Log:       s.Log,
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
	s.exportProcess("monitor")
	s.exportDeployment()
	waiter := queue.NewWaiter(s.Queue)
	this := listed{[]string{roleMonitor}, daemon.NewReadiness(append(s.checks(), s.monitorChecks()...)), nil}
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
// may do what asynqmon does.
func (s *System) monitorChecks() []daemon.Check {
	readable := func(ctx context.Context) error {
		_, err := s.Queue.Sizes(ctx)
		return err
	}
	checks := []daemon.Check{{Name: "queues", Test: readable}}
	if s.Config.Monitor.Pages {
		needs := s.needs()
		needs.Asynqmon = true
		checks = append(checks, daemon.Check{Name: "asynqmon", Test: rights.NewWatch(s.Redis, needs).Check})
	}
	return checks
}

// schedulePage gives the monitor its table of the schedule.
type schedulePage struct{ store *schedule.Store }

func (p schedulePage) Entries(ctx context.Context, limit int) ([]monitor.ScheduleRow, error) {
	var rows []monitor.ScheduleRow
	for start := ""; ; {
		page, next, err := p.store.List(ctx, schedule.Filter{}, start)
		if err != nil {
			return nil, err
		}
		for _, r := range page {
			rows = append(rows, scheduleRow(r))
		}
		if start = next; start == "" || len(rows) >= limit {
			break
		}
	}
	slices.SortFunc(rows, func(a, b monitor.ScheduleRow) int { return a.Next.Compare(b.Next) })
	return rows[:min(limit, len(rows))], nil
}

func scheduleRow(r schedule.Record) monitor.ScheduleRow {
	row := monitor.ScheduleRow{
		Entry: r.Entry.ID, Kind: r.Entry.Kind, Spec: r.Entry.Spec, Zone: r.Entry.Zone,
		Next: r.Books.Next, Last: r.Books.Last, Paused: r.Books.Paused,
	}
	if zone, err := calendar.LoadZone(r.Entry.Zone); err == nil && !row.Next.IsZero() {
		row.Next = row.Next.In(zone)
	}
	return row
}

// queueSizes gives the monitor the summary of its front page.
type queueSizes struct{ client *queue.Client }

func (q queueSizes) Queues(ctx context.Context) ([]monitor.QueueSize, error) {
	sizes, err := q.client.Sizes(ctx)
	if err != nil {
		return nil, err
	}
	out := make([]monitor.QueueSize, len(sizes))
	for i, s := range sizes {
		out[i] = monitor.QueueSize{
			Name: s.Queue, Waiting: s.Waiting, Running: s.Running, Scheduled: s.Scheduled,
			Retrying: s.Retrying, Failed: s.Failed, Held: s.Held, Paused: s.Paused,
		}
	}
	return out, nil
}

// brakePage gives the monitor who is paused.
type brakePage struct{ operator *control.Operator }

func (p brakePage) Stopped(ctx context.Context, most int) (monitor.Stopped, error) {
	all, err := p.operator.Overview(ctx, most)
	if err != nil {
		return monitor.Stopped{}, err
	}
	out := monitor.Stopped{Everyone: all.Everyone.Words, More: all.More}
	for _, s := range all.Users {
		out.Users = append(out.Users, monitor.StoppedUser{ID: s.User, State: string(s.State), Parked: s.Parked, Why: s.Words, Waits: s.Decisions()})
	}
	return out, nil
}
