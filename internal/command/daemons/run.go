package daemons

import (
	"github.com/alecthomas/kong"
	"go.uber.org/zap"

	"switchyard/internal/app"
	"switchyard/internal/command"
	"switchyard/internal/config"
	"switchyard/internal/tasks"
)

// WorkerCommands are what a worker can be told to do.
type WorkerCommands struct {
	Queues string  `help:"Queues to consume, each with its concurrency if not the configured one: scraping=16,briefings=4. All if not given." placeholder:"LIST"`
	Listen *string `help:"Address of health and metrics." placeholder:"HOST:PORT"`

	Run   workerRun   `cmd:"" default:"1" help:"Consume queues and perform their tasks, until a signal. This is meant if no command is given."`
	Probe workerProbe `cmd:"" help:"Ask the worker at its address whether it is ready, or lives."`
}

// AfterApply implements kong's hook: the commands ask for the flags above them.
func (w *WorkerCommands) AfterApply(c *kong.Context) error {
	c.Bind(w)
	return nil
}

func (w *WorkerCommands) override(c *config.Config) { set(&c.Worker.Listen, w.Listen) }

type workerRun struct{}

// Run implements the command.
func (workerRun) Run(f *config.Flags, w *WorkerCommands, own []tasks.Definition) error {
	return app.Main(*f, w.override, func(c config.Config, log *zap.Logger) error {
		queues, err := app.SelectQueues(c, w.Queues)
		if err != nil {
			return command.With(command.Wrong, err)
		}
		return app.RunWorker(c, queues, log, own...)
	})
}

// SchedulerCommands are what a scheduler can be told to do.
type SchedulerCommands struct {
	Listen *string `help:"Address of health and metrics." placeholder:"HOST:PORT"`

	Run   schedulerRun   `cmd:"" default:"1" help:"Enqueue what is due, until a signal. This is meant if no command is given."`
	Probe schedulerProbe `cmd:"" help:"Ask the scheduler at its address whether it is ready, or lives."`
}

// AfterApply implements kong's hook: the commands ask for the flags above them.
func (s *SchedulerCommands) AfterApply(c *kong.Context) error {
	c.Bind(s)
	return nil
}

func (s *SchedulerCommands) override(c *config.Config) { set(&c.Scheduler.Listen, s.Listen) }

type schedulerRun struct{}

// Run implements the command.
func (schedulerRun) Run(f *config.Flags, s *SchedulerCommands, own []tasks.Definition) error {
	return app.Main(*f, s.override, func(c config.Config, log *zap.Logger) error { return app.RunScheduler(c, log, own...) })
}

// MonitorCommands are what a monitor can be told to do.
type MonitorCommands struct {
	Listen *string `help:"Address to serve on. Beyond loopback it takes monitor.users." placeholder:"HOST:PORT"`

	Run   monitorRun   `cmd:"" default:"1" help:"Serve the pages, until a signal. This is meant if no command is given."`
	Probe monitorProbe `cmd:"" help:"Ask the monitor at its address whether it is ready, or lives."`
}

// AfterApply implements kong's hook: the commands ask for the flags above them.
func (m *MonitorCommands) AfterApply(c *kong.Context) error {
	c.Bind(m)
	return nil
}

func (m *MonitorCommands) override(c *config.Config) { set(&c.Monitor.Listen, m.Listen) }

type monitorRun struct{}

// Run implements the command.
func (monitorRun) Run(f *config.Flags, m *MonitorCommands, own []tasks.Definition) error {
	return app.Main(*f, m.override, func(c config.Config, log *zap.Logger) error { return app.RunMonitor(c, log, own...) })
}

func set(field, value *string) {
	if value != nil {
		*field = *value
	}
}
