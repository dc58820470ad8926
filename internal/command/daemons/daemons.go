// Package daemons has the command lines of worker, scheduler and monitor. Each is a binary of its
// own and a command of switchyard.
package daemons

import (
	"switchyard/internal/command"
	"switchyard/internal/config"
	"switchyard/internal/routing"
	"switchyard/internal/tasks"
)

// Own is what a program brings besides what comes with Switchyard.
type Own struct {
	Kinds []tasks.Definition
	// Policies are those of its kinds, by name. The configuration has the last word.
	Policies map[string]routing.Patch
}

// All is the command line of a program with kinds of its own: it is worker, scheduler or monitor, by
// its first argument.
func All(name, description string, own Own) *command.Program {
	var g struct {
		config.Flags

		Worker    WorkerCommands    `cmd:"" help:"Be a worker: consume queues and perform their tasks."`
		Scheduler SchedulerCommands `cmd:"" help:"Be a scheduler: enqueue what is due."`
		Monitor   MonitorCommands   `cmd:"" help:"Be the monitor: serve the pages."`

		command.Common
	}
	g.Own = own.Policies
	return program(name, description, &g, &g.Flags, own.Kinds)
}

// Worker is the command line of the worker.
func Worker() *command.Program {
	var g struct {
		config.Flags
		WorkerCommands
		command.Common
	}
	return program("worker", "Consumes queues and performs their tasks.", &g, &g.Flags, nil)
}

// Scheduler is the command line of the scheduler.
func Scheduler() *command.Program {
	var g struct {
		config.Flags
		SchedulerCommands
		command.Common
	}
	return program("scheduler", "Enqueues the tasks of the schedule when they are due.", &g, &g.Flags, nil)
}

// Monitor is the command line of the monitor.
func Monitor() *command.Program {
	var g struct {
		config.Flags
		MonitorCommands
		command.Common
	}
	return program("monitor", "Serves asynqmon, briefings, the schedule and the documentation.", &g, &g.Flags, nil)
}

func program(name, description string, g command.Grammar, flags *config.Flags, own []tasks.Definition) *command.Program {
	return &command.Program{Name: name, Description: description, Grammar: g, Bind: []any{flags, own}}
}
