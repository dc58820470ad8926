package main

import (
	"context"
	"fmt"
	"io"
	"strings"
	"text/tabwriter"
	"time"

	"switchyard/internal/command"
	"switchyard/internal/schedule"
)

type scheduleShow struct {
	scheduleEntry
}

// Run implements the command.
func (cmd scheduleShow) Run(c *connection, out *command.Output) error {
	return c.with(func(ctx context.Context, d door) error {
		found, held, err := d.Entry(ctx, cmd.ID)
		if err != nil {
			return err
		}
		if out.JSON {
			return out.Encode(found)
		}
		if held != "" {
			found.State = "held: " + held
		}
		if err := found.print(out); err != nil {
			return err
		}
		ticks, err := nextTicks(ctx, found.Record, time.Now())
		if err != nil {
			return err
		}
		return printTicks(out, found.Entry, ticks)
	})
}

// print writes everything about an entry that is set.
func (e listed) print(out io.Writer) error {
	w := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	line := func(name, value string) {
		if value != "" {
			_, _ = fmt.Fprintf(w, "%s\t%s\n", name, value)
		}
	}
	number := func(name string, n int64) {
		if n != 0 {
			line(name, fmt.Sprint(n))
		}
	}
	duration := func(name string, d time.Duration) {
		if d != 0 {
			line(name, d.String())
		}
	}
	at := func(name string, t time.Time) {
		if !t.IsZero() {
			line(name, moment(t))
		}
	}
	entry, books := e.Entry, e.Books
	line("Entry", entry.ID)
	line("State", e.State)
	line("Spec", entry.Spec)
	line("Means", entry.Words())
	line("Zone", entry.Zone)
	line("Cron", string(entry.Cron))
	at("Start", entry.Start)
	at("End", entry.End)
	number("Max runs", entry.MaxRuns)
	duration("Spread", entry.Spread)
	line("Task", strings.TrimSpace(entry.Kind+" "+string(entry.Payload)))
	line("Queue", entry.Queue)
	line("Catch up", string(entry.CatchUp))
	number("Catch up limit", int64(entry.CatchUpLimit))
	duration("Fresh for", entry.FreshFor)
	duration("Expires", entry.Expires)
	line("Overlap", string(entry.Overlap))
	line("Owner", entry.Owner)
	line("Preferences", string(entry.Preferences))
	line("Origin", entry.Origin)
	line("Configured by", entry.ConfiguredBy)
	line("Due", moment(e.Due))
	number("Runs", books.Runs)
	number("Skipped", books.Skipped)
	at("Last tick", books.Last)
	if books.LastTask != "" {
		line("Last task", fmt.Sprintf("%s in %s: %s", books.LastTask, books.LastQueue, e.LastTask))
	}
	line("Last error", books.LastError)
	return w.Flush()
}

const ticksShown = 10

// nextTicks returns the next ticks of an entry, as many as are shown.
func nextTicks(ctx context.Context, r schedule.Record, after time.Time) ([]time.Time, error) {
	n := ticksShown
	if r.Entry.MaxRuns > 0 {
		n = int(max(0, min(ticksShown, r.Entry.MaxRuns-r.Books.Runs)))
	}
	return r.Entry.NextTicks(ctx, after, n)
}

// printTicks lists ticks of an entry in its zone and in UTC.
func printTicks(out io.Writer, e schedule.Entry, ticks []time.Time) error {
	if len(ticks) == 0 {
		_, err := fmt.Fprintln(out, "It will not be due again.")
		return err
	}
	lines := []string{"Next ticks" + shifted(e.Shift()) + ":"}
	for _, t := range ticks {
		lines = append(lines, fmt.Sprintf("  %s   %s", t.Format("Mon 2006-01-02 15:04:05 MST"), t.UTC().Format(time.RFC3339)))
	}
	_, err := fmt.Fprintln(out, strings.Join(lines, "\n"))
	return err
}

// shifted says how far ticks are moved.
func shifted(by time.Duration) string {
	switch {
	case by > 0:
		return fmt.Sprintf(", each enqueued %s later", by)
	case by < 0:
		return fmt.Sprintf(", each enqueued %s earlier", -by)
	}
	return ""
}
