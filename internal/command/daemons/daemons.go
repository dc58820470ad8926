// Package daemons has the command lines of worker, scheduler and monitor. Each is a binary of its
// own and a command of switchyard.
package daemons

import (
	"switchyard/internal/command"
	"switchyard/internal/config"
)

// Worker is the command line of the worker.
func Worker() *command.Program {
	var g struct {
		config.Flags
		WorkerCommands
		command.Common
	}
	return program("worker", "Consumes queues and performs their tasks.", &g, &g.Flags)
}

// Scheduler is the command line of the scheduler.
func Scheduler() *command.Program {
	var g struct {
		config.Flags
		SchedulerCommands
		command.Common
	}
	return program("scheduler", "Enqueues the tasks of the schedule when they are due.", &g, &g.Flags)
}

// Monitor is the command line of the monitor.
func Monitor() *command.Program {
	var g struct {
		config.Flags
		MonitorCommands
		command.Common
	}
	return program("monitor", "Serves asynqmon, briefings, the schedule and the documentation.", &g, &g.Flags)
}

func program(name, description string, g command.Grammar, flags *config.Flags) *command.Program {
	return &command.Program{Name: name, Description: description, Grammar: g, Bind: []any{flags}}
}
