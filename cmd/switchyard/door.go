package main

import (
	"context"
	"errors"
	"os"
	"os/signal"
	"syscall"
	"time"

	"go.uber.org/zap"

	"switchyard/internal/apiclient"
	"switchyard/internal/app"
	"switchyard/internal/audit"
	"switchyard/internal/command"
	"switchyard/internal/config"
	"switchyard/internal/control"
	"switchyard/internal/events"
	"switchyard/internal/journal"
	"switchyard/internal/layout"
	"switchyard/internal/program"
	"switchyard/internal/queue"
	"switchyard/internal/schedule"
	"switchyard/internal/sources"
	"switchyard/internal/tasks"
	"switchyard/internal/usage"
	"switchyard/internal/users"
)

// door is the system as commands see it. Behind it is Redis, see [direct], or the HTTP API, see
// [remote]: a command does not know which.
type door interface {
	producer
	operator
	brakes
	planner
	Users(ctx context.Context) ([]users.User, error)
	User(ctx context.Context, id string) (users.User, error)
	ChangeUser(ctx context.Context, id string, c users.Changes) (users.User, error)
	RemoveUser(ctx context.Context, id string) error
	Sources(ctx context.Context) ([]sources.Source, error)
	// Source returns a source. The error is [sources.ErrNotFound] if there is none.
	Source(ctx context.Context, name string) (sources.Source, error)
	Spent(ctx context.Context, user string, since time.Time) ([]usage.Line, error)
	// AuditRecords returns the latest records of the audit log, those of a user alone if one is given.
	AuditRecords(ctx context.Context, user string, limit int) ([]audit.Record, error)
}

// producer sends tasks and looks at them.
type producer interface {
	Send(ctx context.Context, t tasks.Raw, in time.Duration, o tasks.Options) (tasks.Receipt, error)
	Find(ctx context.Context, name string) (tasks.Status, error)
	Wait(ctx context.Context, name tasks.Name) (tasks.Status, error)
	List(ctx context.Context, f tasks.Filter, limit int, after string) (tasks.Page, error)
	Match(ctx context.Context, f tasks.Filter) (names []tasks.Name, more bool, err error)
}

// operator changes tasks, runs and queues. What becomes of each task is in their order.
type operator interface {
	CancelTasks(ctx context.Context, names []tasks.Name, why string) ([]tasks.Handled, error)
	RunTasks(ctx context.Context, names []tasks.Name) ([]tasks.Handled, error)
	ReplayTasks(ctx context.Context, names []tasks.Name) ([]tasks.Handled, error)
	DeleteTasks(ctx context.Context, names []tasks.Name) ([]tasks.Handled, error)
	ChangeTask(ctx context.Context, name tasks.Name, change tasks.Change) (tasks.Handled, error)
	History(ctx context.Context, t tasks.Status, run journal.Run) (*journal.History, error)
	Decide(ctx context.Context, t tasks.Status, run journal.Run, v journal.Verdict) (step string, goesOn bool, err error)
	Sizes(ctx context.Context) ([]queue.Size, error)
	PauseQueue(ctx context.Context, name string, pause bool) (changed bool, err error)
}

// brakes stop users, and tell what happens to them.
type brakes interface {
	Pause(ctx context.Context, user string) (control.BrakeReceipt, error)
	Resume(ctx context.Context, user string) (control.Resumed, error)
	BrakeStatus(ctx context.Context, user string) (control.BrakeStatus, error)
	Overview(ctx context.Context) (control.Overview, error)
	Follow(ctx context.Context, user string, after int64, told func(events.Event) error) error
}

// planner changes the schedule.
type planner interface {
	Entries(ctx context.Context, f schedule.Filter, start string) (page []listed, next string, err error)
	// Entry returns an entry, with what holds its ticks.
	Entry(ctx context.Context, id string) (e listed, held string, err error)
	CheckEntry(ctx context.Context, e schedule.Entry) error
	// PutEntry adds an entry. The error is [schedule.ErrExists] if there is one that is not to be
	// replaced.
	PutEntry(ctx context.Context, e schedule.Entry, replace bool) (changed bool, err error)
	PauseEntry(ctx context.Context, id string, pause bool) (changed bool, err error)
	RemoveEntry(ctx context.Context, id string) error
	RunEntry(ctx context.Context, id string) (tasks.Receipt, error)
}

// connection opens the door that the command line and the variables name.
type connection struct {
	flags config.Flags
	api   apiAddress
}

// with runs do with the system. Ctrl-C cancels its context.
func (c *connection) with(do func(ctx context.Context, d door) error) error {
	if c.api.url != "" {
		return c.overAPI(do)
	}
	return withSystem(&c.flags, func(ctx context.Context, s *app.System) error { return do(ctx, direct{s}) })
}

// withBrake is with for what must not fail because some of Redis is away that it does not need.
func (c *connection) withBrake(do func(ctx context.Context, d door) error) error {
	if c.api.url != "" {
		return c.overAPI(do)
	}
	return withUnchecked(&c.flags, func(ctx context.Context, s *app.System) error { return do(ctx, direct{s}) })
}

// overAPI reads no configuration: that of the monitor counts.
func (c *connection) overAPI(do func(ctx context.Context, d door) error) error {
	if err := program.Conceal(); err != nil {
		return err
	}
	token, err := c.api.token()
	if err != nil {
		return command.With(command.Wrong, err)
	}
	client, err := apiclient.New(apiclient.Options{URL: c.api.url, Token: token, Agent: "switchyard/" + command.ThisVersion().Release})
	if err != nil {
		return command.With(command.Wrong, c.api.blame(err))
	}
	defer client.Close()
	return interruptible(func(ctx context.Context) error { return do(ctx, remote{client}) })
}

// withSystem runs do against the configured Redis. Ctrl-C cancels its context.
func withSystem(f *config.Flags, do func(ctx context.Context, s *app.System) error) error {
	return withUnchecked(f, func(ctx context.Context, s *app.System) error {
		if err := s.Reach(ctx); err != nil {
			if errors.As(err, new(*layout.NewerError)) {
				return command.With(command.Refused, err) // to try again later is of no use
			}
			return command.With(command.Unavailable, err)
		}
		return do(ctx, s)
	})
}

// withUnchecked is withSystem without looking whether Redis is there.
func withUnchecked(f *config.Flags, do func(ctx context.Context, s *app.System) error) error {
	return app.Main(*f, nil, func(c config.Config, log *zap.Logger) error {
		s, err := app.Open(c, log)
		if err != nil {
			return err
		}
		defer func() { _ = s.Close() }()
		return interruptible(func(ctx context.Context) error { return do(ctx, s) })
	})
}

// interruptible runs do until it ends or somebody interrupts it.
func interruptible(do func(ctx context.Context) error) error {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	return withStatus(do(ctx))
}
