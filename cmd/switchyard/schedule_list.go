package main

import (
	"context"
	"fmt"
	"slices"
	"text/tabwriter"
	"time"

	"switchyard/internal/celery/ticks"
	"switchyard/internal/command"
	"switchyard/internal/schedule"
	"switchyard/internal/tasks"
)

type scheduleList struct {
	Origin string `help:"Only entries from here: config, api or user." enum:",config,api,user" default:""`
	Owner  string `help:"Only entries of this user."`
	Kind   string `help:"Only entries of this kind."`
	State  string `help:"Only entries in this state: ok, paused, error or over." enum:",ok,paused,error,over" default:""`
	Match  string `help:"Only entries whose ID contains this." placeholder:"TEXT"`
	Limit  int    `help:"About how many." default:"100"`
	Page   string `help:"Go on where the list before has stopped." placeholder:"PAGE"`
}

// listed is an entry as it is listed.
type listed struct {
	schedule.Record
	State    string    `json:"state"`
	Due      time.Time `json:"due,omitzero"`              // when its next tick is enqueued
	LastTask string    `json:"last_task_state,omitempty"` // state of the task of the last tick
}

// list is a part of the schedule.
type list struct {
	Entries []listed `json:"entries"`
	Next    string   `json:"next_page,omitempty"`
}

// Run implements the command.
func (cmd scheduleList) Run(c *connection, out *command.Output) error {
	return c.with(func(ctx context.Context, d door) error {
		found, err := cmd.read(ctx, d)
		if err != nil {
			return err
		}
		if out.JSON {
			return out.Encode(found)
		}
		w := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
		_, _ = fmt.Fprintln(w, "ENTRY\tSPEC\tZONE\tKIND\tDUE\tLAST\tLAST TASK\tRUNS\tSTATE")
		for _, e := range found.Entries {
			_, _ = fmt.Fprintf(w, "%s\t%s\t%s\t%s\t%s\t%s\t%s\t%d\t%s\n", e.Entry.ID, e.Entry.Spec, orDash(e.Entry.Zone), e.Entry.Kind,
				moment(e.Due), moment(e.Books.Last), orDash(e.LastTask), e.Books.Runs, e.explained())
		}
		if err := w.Flush(); err != nil {
			return err
		}
		if found.Next != "" {
			_, err = fmt.Fprintf(out, "There may be more: --page=%s\n", found.Next)
		}
		return err
	})
}

// read returns the entries that match, those due first before the others.
func (cmd scheduleList) read(ctx context.Context, d door) (list, error) {
	filter := schedule.Filter{Origin: cmd.Origin, Owner: cmd.Owner, Kind: cmd.Kind, State: schedule.State(cmd.State), Match: cmd.Match, Page: cmd.Limit}
	found := list{Entries: []listed{}, Next: cmd.Page}
	for {
		some, next, err := d.Entries(ctx, filter, found.Next)
		if err != nil {
			return found, err
		}
		found.Entries = append(found.Entries, some...)
		found.Next = next
		if next == "" || len(found.Entries) >= cmd.Limit {
			break
		}
	}
	slices.SortFunc(found.Entries, func(a, b listed) int { return a.Due.Compare(b.Due) })
	return found, nil
}

// gone is the state of a task that Redis does not keep any more.
const gone = "gone"

// untold is that of a task of Celery that has no result: it may wait as well.
const untold = "no result"

// listedOf returns an entry as it is listed. last is the state of the task of its last tick, "" if
// nothing is kept of it.
func listedOf(r schedule.Record, last tasks.State) listed {
	e := listed{Record: r, State: string(r.State()), Due: r.Due(), LastTask: string(last)}
	if r.Books.LastTask != "" && last == "" {
		e.LastTask = gone
		if ticks.IsCelerys(r.Books.LastQueue) {
			e.LastTask = untold
		}
	}
	return e
}

// explained returns the state, and the error where it is one.
func (e listed) explained() string {
	if e.Books.LastError != "" {
		return e.State + ": " + e.Books.LastError
	}
	return e.State
}

func moment(t time.Time) string {
	if t.IsZero() {
		return "-"
	}
	return t.UTC().Format("2006-01-02 15:04:05Z")
}

func orDash(s string) string {
	if s == "" {
		return "-"
	}
	return s
}
