package main

import (
	"context"
	"fmt"
	"io"
	"slices"
	"strings"
	"text/tabwriter"
	"time"

	"switchyard/internal/app"
	"switchyard/internal/config"
	"switchyard/internal/schedule"
)

type scheduleCommand struct {
	Add    scheduleAdd    `cmd:"" help:"Add an entry, or change the one of that ID."`
	List   scheduleList   `cmd:"" help:"List the entries."`
	Show   scheduleShow   `cmd:"" help:"Show an entry and its next ticks."`
	Remove scheduleRemove `cmd:"" help:"Remove an entry."`
	Pause  schedulePause  `cmd:"" help:"Hold an entry's ticks."`
	Resume scheduleResume `cmd:"" help:"Let a paused entry's ticks go on."`
	Run    scheduleRun    `cmd:"" help:"Enqueue an entry's task now, beside its ticks."`
}

type scheduleAdd struct {
	ID       string        `arg:"" help:"Entry ID."`
	Spec     string        `arg:"" help:"Cron of five or six fields, @every 90s, @daily, or at 2030-06-01T09:00:00Z."`
	Kind     string        `arg:"" help:"Kind of task."`
	Payload  string        `arg:"" optional:"" help:"Payload as a JSON object."`
	Zone     string        `help:"IANA time zone of the spec (UTC)."`
	Queue    string        `help:"Queue instead of the one the kind is routed to."`
	CatchUp  string        `help:"Of ticks missed while no scheduler ran: the latest, none or all." enum:",latest,none,all" default:""`
	Limit    int           `help:"How many ticks --catch-up=all makes up for (100)."`
	FreshFor time.Duration `help:"How late a tick may be and still be worth its task."`
	Owner    string        `help:"User the task acts for."`
	DryRun   bool          `help:"Only say when it would be due."`
}

// Run implements the command.
func (cmd scheduleAdd) Run(f *config.Flags, out io.Writer) error {
	e := schedule.Entry{
		ID: cmd.ID, Spec: cmd.Spec, Zone: cmd.Zone, Kind: cmd.Kind, Payload: []byte(cmd.Payload), Queue: cmd.Queue,
		CatchUp: schedule.CatchUp(cmd.CatchUp), CatchUpLimit: cmd.Limit, FreshFor: cmd.FreshFor, Owner: cmd.Owner,
		Origin: schedule.OriginAPI,
	}
	return withSystem(f, func(ctx context.Context, s *app.System) error {
		if err := s.CheckEntry(e); err != nil {
			return err
		}
		if !cmd.DryRun {
			changed, err := s.Schedule.Put(ctx, e)
			if err != nil {
				return err
			}
			said := "is as it was"
			if changed {
				said = "is scheduled"
			}
			if _, err := fmt.Fprintf(out, "Entry %s %s. ", e.ID, said); err != nil {
				return err
			}
		}
		return printTicks(out, e, time.Now())
	})
}

const ticksShown = 10

// printTicks lists the next ticks of an entry in its zone and in UTC.
func printTicks(out io.Writer, e schedule.Entry, after time.Time) error {
	ticks, err := e.NextTicks(after, ticksShown)
	if err != nil {
		return err
	}
	if len(ticks) == 0 {
		_, err := fmt.Fprintln(out, "It will not be due again.")
		return err
	}
	lines := []string{"Next ticks:"}
	for _, t := range ticks {
		lines = append(lines, fmt.Sprintf("  %s   %s", t.Format("Mon 2006-01-02 15:04:05 MST"), t.UTC().Format(time.RFC3339)))
	}
	_, err = fmt.Fprintln(out, strings.Join(lines, "\n"))
	return err
}

type scheduleList struct {
	Origin string `help:"Only entries from here: config, api or user." enum:",config,api,user" default:""`
	Owner  string `help:"Only entries of this user."`
	Kind   string `help:"Only entries of this kind."`
	Limit  int    `help:"At most this many." default:"1000"`
	JSON   bool   `name:"json" help:"As JSON, with everything known of each."`
}

// Run implements the command.
func (cmd scheduleList) Run(f *config.Flags, out io.Writer) error {
	return withSystem(f, func(ctx context.Context, s *app.System) error {
		records, err := cmd.read(ctx, s)
		if err != nil {
			return err
		}
		if cmd.JSON {
			return printJSON(out, records)
		}
		w := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
		_, _ = fmt.Fprintln(w, "ENTRY\tSPEC\tZONE\tKIND\tNEXT\tLAST\tRUNS\tSTATE")
		for _, r := range records {
			_, _ = fmt.Fprintf(w, "%s\t%s\t%s\t%s\t%s\t%s\t%d\t%s\n", r.Entry.ID, r.Entry.Spec, r.Entry.Zone, r.Entry.Kind,
				moment(r.Books.Next), moment(r.Books.Last), r.Books.Runs, state(r.Books))
		}
		return w.Flush()
	})
}

// read returns the entries that match, those due first before the others.
func (cmd scheduleList) read(ctx context.Context, s *app.System) ([]schedule.Record, error) {
	records := []schedule.Record{}
	filter := schedule.Filter{Origin: cmd.Origin, Owner: cmd.Owner, Kind: cmd.Kind}
	for start := ""; ; {
		page, next, err := s.Schedule.List(ctx, filter, start)
		if err != nil {
			return nil, err
		}
		records = append(records, page...)
		if start = next; start == "" || len(records) >= cmd.Limit {
			break
		}
	}
	slices.SortFunc(records, func(a, b schedule.Record) int { return a.Books.Next.Compare(b.Books.Next) })
	return records[:min(cmd.Limit, len(records))], nil
}

func moment(t time.Time) string {
	if t.IsZero() {
		return "-"
	}
	return t.UTC().Format("2006-01-02 15:04:05Z")
}

func state(b schedule.Books) string {
	switch {
	case b.Paused:
		return "paused"
	case b.LastError != "":
		return "error: " + b.LastError
	case b.Next.IsZero():
		return "over"
	}
	return "ok"
}

// scheduleEntry is the argument of the commands that name one entry.
type scheduleEntry struct {
	ID string `arg:"" help:"Entry ID."`
}

type scheduleShow struct{ scheduleEntry }

// Run implements the command.
func (cmd scheduleShow) Run(f *config.Flags, out io.Writer) error {
	return withSystem(f, func(ctx context.Context, s *app.System) error {
		record, err := s.Schedule.Get(ctx, cmd.ID)
		if err != nil {
			return err
		}
		if err := printJSON(out, record); err != nil {
			return err
		}
		return printTicks(out, record.Entry, time.Now())
	})
}

// change makes a change that reports whether it changed anything.
func (e scheduleEntry) change(f *config.Flags, out io.Writer, done, already string, change func(context.Context, *app.System) (bool, error)) error {
	return withSystem(f, func(ctx context.Context, s *app.System) error {
		changed, err := change(ctx, s)
		if err != nil {
			return err
		}
		if !changed {
			done = already
		}
		_, err = fmt.Fprintf(out, "Entry %s %s.\n", e.ID, done)
		return err
	})
}

type scheduleRemove struct{ scheduleEntry }

// Run implements the command.
func (cmd scheduleRemove) Run(f *config.Flags, out io.Writer) error {
	return withSystem(f, func(ctx context.Context, s *app.System) error {
		found, err := s.Schedule.Remove(ctx, cmd.ID, schedule.OriginAPI)
		if err != nil {
			return err
		}
		if !found {
			return fmt.Errorf("entry %s: %w", cmd.ID, schedule.ErrNotFound)
		}
		_, err = fmt.Fprintf(out, "Entry %s is removed.\n", cmd.ID)
		return err
	})
}

type schedulePause struct{ scheduleEntry }

// Run implements the command.
func (cmd schedulePause) Run(f *config.Flags, out io.Writer) error {
	return cmd.change(f, out, "is paused", "was paused already", func(ctx context.Context, s *app.System) (bool, error) {
		return s.Schedule.Pause(ctx, cmd.ID)
	})
}

type scheduleResume struct{ scheduleEntry }

// Run implements the command.
func (cmd scheduleResume) Run(f *config.Flags, out io.Writer) error {
	return cmd.change(f, out, "goes on", "was not paused", func(ctx context.Context, s *app.System) (bool, error) {
		return s.Schedule.Resume(ctx, cmd.ID)
	})
}

type scheduleRun struct{ scheduleEntry }

// Run implements the command.
func (cmd scheduleRun) Run(f *config.Flags, out io.Writer) error {
	return withSystem(f, func(ctx context.Context, s *app.System) error {
		receipt, err := s.Schedule.RunNow(ctx, cmd.ID, s.Queue)
		if err != nil {
			return err
		}
		return printJSON(out, receipt)
	})
}
