package api

import (
	"context"
	"net/http"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"switchyard/internal/roster"
	"switchyard/internal/tokens"
)

// Daemon is a process of the deployment.
type Daemon struct {
	ID       string         `json:"id" doc:"Of the process, anew with each start."`
	Roles    []string       `json:"roles" doc:"What it does: worker, scheduler, monitor. switchyard dev does all."`
	Host     string         `json:"host"`
	PID      int            `json:"pid"`
	Version  string         `json:"version"`
	Commit   string         `json:"commit,omitempty"`
	Layout   int            `json:"layout" doc:"The latest layout of what is stored that it knows; 0 if it does not say."`
	Started  time.Time      `json:"started" doc:"By Redis's clock, as seen."`
	Seen     time.Time      `json:"seen" doc:"When it last said how it does. It does so every 5 seconds."`
	State    roster.State   `json:"state" enum:"ready,not_ready,draining,lost" doc:"lost: it was not seen for some time, and has not said that it ends. It is told for an hour."`
	Ready    bool           `json:"ready" doc:"Whether all checks of /readyz held when it was seen last, and it neither drains nor is lost."`
	Draining bool           `json:"draining" doc:"Whether it is about to end: a worker takes no more tasks."`
	Failing  []FailingCheck `json:"failing" doc:"The checks of /readyz that did not hold."`
	Queues   []DaemonQueue  `json:"queues" doc:"What a worker takes tasks from."`
	// Schedule is left out of other daemons than schedulers.
	Schedule *DaemonSchedule `json:"schedule,omitempty" doc:"The entries in a scheduler's configuration file."`
}

// DaemonSchedule tells the entries of one configuration file from those of another.
type DaemonSchedule struct {
	Owner  string `json:"owner" doc:"Whose entries they are."`
	Digest string `json:"digest" doc:"Differs where the entries differ. Schedulers of one owner are to have the same."`
}

// FailingCheck is a check that did not hold.
type FailingCheck struct {
	Check string `json:"check"`
	Text  string `json:"text" doc:"Why, in at most 200 bytes."`
}

// DaemonQueue is a queue that a worker takes tasks from.
type DaemonQueue struct {
	Queue       string `json:"queue"`
	Lane        string `json:"lane" doc:"The queue whose slots it uses: its own name, or that of a sibling."`
	Concurrency int    `json:"concurrency" doc:"How many slots that lane has."`
	Busy        int    `json:"busy" doc:"How many of them have a task of this queue."`
}

func (s *server) registerDaemons(api huma.API) {
	register(api, huma.Operation{
		OperationID: "list-daemons", Method: http.MethodGet, Path: "/v1/daemons", Summary: "List the daemons that run, and those that were lost within the last hour", Tags: []string{"deployment"},
	}, s.listDaemons)
}

func (s *server) listDaemons(ctx context.Context, _ *struct{}) (*body[[]Daemon], error) {
	if err := CallerOf(ctx).need(tokens.QueuesRead, ""); err != nil {
		return nil, err
	}
	records, err := s.Roster.List(ctx)
	if err != nil {
		return nil, err
	}
	out := &body[[]Daemon]{[]Daemon{}}
	for _, r := range records {
		out.Body = append(out.Body, daemonOf(r))
	}
	return out, nil
}

func daemonOf(r roster.Record) Daemon {
	d := Daemon{
		ID: r.ID, Roles: r.Roles, Host: r.Host, PID: r.PID, Version: r.Version, Commit: r.Commit, Layout: r.Layout, Started: r.Started, Seen: r.Seen,
		State: r.State(), Ready: r.State() == roster.Ready, Draining: r.Draining, Failing: []FailingCheck{}, Queues: []DaemonQueue{},
	}
	for _, f := range r.Failing {
		d.Failing = append(d.Failing, FailingCheck(f))
	}
	for _, q := range r.Queues {
		d.Queues = append(d.Queues, DaemonQueue{q.Name, q.Lane, q.Concurrency, q.Busy})
	}
	if r.Schedule != nil {
		d.Schedule = new(DaemonSchedule(*r.Schedule))
	}
	return d
}
