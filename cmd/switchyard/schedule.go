package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"time"

	"switchyard/internal/calendar"
	"switchyard/internal/command"
	"switchyard/internal/schedule"
)

type scheduleCommand struct {
	Add           scheduleAdd           `cmd:"" help:"Add an entry."`
	List          scheduleList          `cmd:"" help:"List the entries."`
	Show          scheduleShow          `cmd:"" help:"Show an entry and its next ticks."`
	Remove        scheduleRemove        `cmd:"" help:"Remove an entry."`
	Pause         schedulePause         `cmd:"" help:"Hold an entry's ticks."`
	Resume        scheduleResume        `cmd:"" help:"Let a paused entry's ticks go on."`
	Disown        scheduleDisown        `cmd:"" help:"Give up the entries of a configuration file whose deployment is gone."`
	Run           scheduleRun           `cmd:"" help:"Enqueue an entry's task now, beside its ticks."`
	Import        scheduleImport        `cmd:"" help:"Add or change the entries of a YAML file."`
	ImportRedBeat scheduleImportRedBeat `cmd:"" name:"import-redbeat" help:"Add the entries of a RedBeat scheduler, or say why they cannot move."`
	Export        scheduleExport        `cmd:"" help:"Write the entries as YAML, for import."`
}

type scheduleAdd struct {
	ID       string        `arg:"" help:"Entry ID."`
	Spec     string        `arg:"" help:"When: cron of five or six fields, @every 90s, @daily, @sunrise LAT LON, RRULE:... DTSTART:..., or at 2030-06-01T09:00:00Z."`
	Kind     string        `arg:"" help:"Kind of task."`
	Payload  string        `arg:"" optional:"" help:"Payload as a JSON object, @FILE to read it from a file, - from standard input."`
	Left     []string      `arg:"" optional:"" hidden:""` // a spec without quotes makes such
	Zone     string        `help:"IANA time zone of the spec (UTC)."`
	Cron     string        `help:"If a cron spec restricts both days: either suffices (crontab) or both must match (celery)." enum:",crontab,celery" default:""`
	Queue    string        `help:"Queue instead of the one the kind is routed to."`
	Start    time.Time     `help:"No tick before this." placeholder:"2030-06-01T00:00:00Z"`
	End      time.Time     `help:"No tick at or after this." placeholder:"2030-07-01T00:00:00Z"`
	MaxRuns  int64         `help:"End after so many ticks."`
	Spread   time.Duration `help:"Move the ticks later by a part of this, which the ID decides; earlier with --spread=-10m." placeholder:"10m"`
	CatchUp  string        `help:"Of ticks missed while no scheduler ran: the latest, none or all." enum:",latest,none,all" default:""`
	Limit    int           `help:"How many ticks --catch-up=all makes up for (100)."`
	FreshFor time.Duration `help:"How late a tick may be and still be worth its task."`
	Expires  time.Duration `help:"How long a task may wait in its queue before it is not begun any more."`
	Overlap  string        `help:"A tick while the last task still waits or runs: allow it or skip it." enum:",allow,skip" default:""`
	Owner    string        `help:"User the task acts for, whose brake holds the entry."`
	Replace  bool          `help:"Change the entry of that ID if there is one."`
	DryRun   bool          `help:"Only check, and say when it would be due."`
}

// Run implements the command.
func (cmd scheduleAdd) Run(c *connection, out *command.Output) error {
	if err := checkQuotes(append([]string{cmd.Spec, cmd.Kind, cmd.Payload}, cmd.Left...), cmd.Left); err != nil {
		return command.With(command.Wrong, err)
	}
	payload, err := readPayload(cmd.Payload, os.Stdin)
	if err != nil {
		return err
	}
	e := schedule.Entry{
		ID: cmd.ID, Spec: cmd.Spec, Zone: cmd.Zone, Cron: calendar.Dialect(cmd.Cron), Kind: cmd.Kind, Payload: []byte(payload), Queue: cmd.Queue,
		Start: cmd.Start, End: cmd.End, MaxRuns: cmd.MaxRuns, Spread: cmd.Spread,
		CatchUp: schedule.CatchUp(cmd.CatchUp), CatchUpLimit: cmd.Limit, FreshFor: cmd.FreshFor, Expires: cmd.Expires,
		Overlap: schedule.Overlap(cmd.Overlap), Owner: cmd.Owner, Origin: schedule.OriginAPI,
	}
	return c.with(func(ctx context.Context, d door) error {
		if err := d.CheckEntry(ctx, e); err != nil {
			return err
		}
		changed := false
		if !cmd.DryRun {
			if changed, err = cmd.put(ctx, d, e); err != nil {
				return err
			}
		}
		ticks, err := nextTicks(ctx, schedule.Record{Entry: e}, time.Now())
		if err != nil {
			return err
		}
		if out.JSON {
			return out.Encode(map[string]any{"entry": e.ID, "changed": changed, "next_ticks": ticks, "remark": calendar.Remark(e.Spec, e.Cron)})
		}
		return cmd.say(out, e, changed, ticks)
	})
}

// say tells what came of adding an entry.
func (cmd scheduleAdd) say(out io.Writer, e schedule.Entry, changed bool, ticks []time.Time) error {
	said := fmt.Sprintf("Entry %s is as it was. ", e.ID)
	switch {
	case cmd.DryRun:
		said = ""
	case changed:
		said = fmt.Sprintf("Entry %s is scheduled. ", e.ID)
	}
	if _, err := io.WriteString(out, said); err != nil {
		return err
	}
	if err := printTicks(out, e, ticks); err != nil {
		return err
	}
	return printRemark(out, e)
}

// printRemark says what an operator should know about an entry that is fine.
func printRemark(out io.Writer, e schedule.Entry) error {
	remark := calendar.Remark(e.Spec, e.Cron)
	if remark == "" {
		return nil
	}
	_, err := fmt.Fprintf(out, "Note: entry %s: %s\n", e.ID, remark)
	return err
}

// put writes the entry and reports whether that has changed anything.
func (cmd scheduleAdd) put(ctx context.Context, d door, e schedule.Entry) (changed bool, err error) {
	changed, err = d.PutEntry(ctx, e, cmd.Replace)
	if errors.Is(err, schedule.ErrExists) {
		err = fmt.Errorf("%w (--replace changes it)", err)
	}
	return changed, err
}

// scheduleEntry is the argument of the commands that name one entry.
type scheduleEntry struct {
	ID string `arg:"" help:"Entry ID."`
}

// change pauses the entry or lets it go on, and says whether that was not so before.
func (e scheduleEntry) change(c *connection, out *command.Output, done, already string, pause bool) error {
	return c.with(func(ctx context.Context, d door) error {
		changed, err := d.PauseEntry(ctx, e.ID, pause)
		if err != nil {
			return err
		}
		if !changed {
			done = already
		}
		return out.Say(map[string]any{"entry": e.ID, "changed": changed}, "Entry %s %s.", e.ID, done)
	})
}

type scheduleRemove struct{ scheduleEntry }

// Run implements the command.
func (cmd scheduleRemove) Run(c *connection, out *command.Output) error {
	return c.with(func(ctx context.Context, d door) error {
		if err := d.RemoveEntry(ctx, cmd.ID); err != nil {
			return err
		}
		return out.Say(map[string]any{"entry": cmd.ID, "changed": true}, "Entry %s is removed.", cmd.ID)
	})
}

type schedulePause struct{ scheduleEntry }

// Run implements the command.
func (cmd schedulePause) Run(c *connection, out *command.Output) error {
	return cmd.change(c, out, "is paused", "was paused already", true)
}

type scheduleResume struct{ scheduleEntry }

// Run implements the command.
func (cmd scheduleResume) Run(c *connection, out *command.Output) error {
	return cmd.change(c, out, "goes on", "was not paused", false)
}

type scheduleRun struct{ scheduleEntry }

// Run implements the command.
func (cmd scheduleRun) Run(c *connection, out *command.Output) error {
	return c.with(func(ctx context.Context, d door) error {
		receipt, err := d.RunEntry(ctx, cmd.ID)
		if err != nil {
			return err
		}
		return out.Encode(receipt)
	})
}
