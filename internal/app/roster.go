package app

import (
	"cmp"
	"context"
	"slices"
	"time"

	"switchyard/internal/command"
	"switchyard/internal/daemon"
	"switchyard/internal/queue/lane"
	"switchyard/internal/redact"
	"switchyard/internal/roster"
)

// What a daemon does, as the roster names it.
const (
	roleWorker    = "worker"
	roleScheduler = "scheduler"
	roleMonitor   = "monitor"
)

// toldAgain is how old what a probe has heard may be, for the roster.
const toldAgain = 4 * time.Second

// listed is a daemon that is to be in the roster.
type listed struct {
	roles []string
	ready *daemon.Readiness
	loads func() []lane.Load // of a worker
	file  func() *configured // of a scheduler
}

// keepListed keeps the daemon in the roster until ctx ends, as draining once quiet has.
func (s *System) keepListed(ctx, quiet context.Context, d listed) {
	look := func(ctx context.Context) roster.Status {
		status := roster.Status{Draining: quiet.Err() != nil}
		for _, f := range d.ready.Failing(ctx, toldAgain) {
			status.Failing = append(status.Failing, roster.Failing{Check: f.Name, Text: redact.Process.Said(f.Err.Error())})
		}
		if d.loads != nil {
			status.Queues = queuesOf(d.loads())
		}
		if d.file != nil {
			if file := d.file(); file != nil {
				status.Schedule = new(file.record())
			}
		}
		return status
	}
	v := command.ThisVersion()
	program := roster.Record{Roles: d.roles, Version: v.Release, Commit: v.Commit, Layout: s.Layout.Knows}
	roster.NewMember(s.Roster, program, look, s.Log).Run(ctx, quiet.Done())
}

func queuesOf(loads []lane.Load) []roster.Queue {
	all := make([]roster.Queue, len(loads))
	for i, l := range loads {
		all[i] = roster.Queue{Name: l.Queue, Lane: l.Lane, Concurrency: l.Slots, Busy: l.Busy}
	}
	slices.SortFunc(all, func(a, b roster.Queue) int { return cmp.Compare(a.Name, b.Name) })
	return all
}
