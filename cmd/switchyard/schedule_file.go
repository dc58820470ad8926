package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"slices"

	"go.yaml.in/yaml/v3"

	"switchyard/internal/app"
	"switchyard/internal/calendar"
	"switchyard/internal/command"
	"switchyard/internal/command/progress"
	"switchyard/internal/config"
	"switchyard/internal/redact"
	"switchyard/internal/schedule"
)

type scheduleImport struct {
	File      string `arg:"" help:"YAML file, a list of entries as export writes it; - for standard input."`
	DryRun    bool   `help:"Only check the file, and the schedule for what is in its way."`
	KeepGoing bool   `help:"Import what can be, where entries are refused."`
}

// Run implements the command. Everything that is wrong is told at once. Unless it is to keep
// going, one bad entry has nothing written.
func (cmd scheduleImport) Run(l *local, out *command.Output) error {
	file, err := readEntries(cmd.File)
	if err != nil {
		return command.With(command.Wrong, err)
	}
	return withSystem(l.Flags, func(ctx context.Context, s *app.System) error {
		file.Check(func(e schedule.Entry) error { return s.CheckEntry(ctx, e) })
		blocked := len(file.Problems()) > 0 && !cmd.KeepGoing
		bar := progress.New(os.Stderr)
		changed, err := s.Schedule.PutAll(ctx, file.Good(), schedule.PutOptions{
			KeepGoing: cmd.KeepGoing, DryRun: cmd.DryRun || blocked,
			Progress: func(done int) { bar.Show("importing", done, file.Len()) },
		})
		bar.Clear()
		if err = file.Refuse(err); err != nil {
			return err
		}
		if blocked {
			changed = 0
		}
		return cmd.report(out, file, changed)
	})
}

// report says what came of an import, and is an error if something was refused.
func (cmd scheduleImport) report(out *command.Output, file *config.EntryFile, changed int) error {
	problems := file.Problems()
	var err error
	switch {
	case len(problems) > 0 && !cmd.KeepGoing && (cmd.DryRun || changed == 0):
		return command.With(command.Refused, fmt.Errorf("%w\nnothing was imported: correct the file, or import the others with --keep-going", shorten(problems)))
	case out.JSON:
		err = out.Encode(map[string]any{"entries": file.Len(), "good": len(file.Good()), "changed": changed, "dry_run": cmd.DryRun})
	case cmd.DryRun:
		_, err = fmt.Fprintf(out, "%d entries could be imported.\n", len(file.Good()))
	default:
		_, err = fmt.Fprintf(out, "Of %d entries %d were added or changed.\n", file.Len(), changed)
	}
	if err == nil && !out.JSON {
		err = remarkOn(out, file.Good())
	}
	if err != nil || len(problems) == 0 {
		return err
	}
	return command.With(command.Refused, shorten(problems))
}

// remarksShown is how many remarks are told: a file may have thousands of one kind.
const remarksShown = 5

// remarkOn says what an operator should know about entries that are fine.
func remarkOn(out io.Writer, entries []schedule.Entry) error {
	said := 0
	for _, e := range entries {
		if calendar.Remark(e.Spec, e.Cron) == "" {
			continue
		}
		if said++; said <= remarksShown {
			if err := printRemark(out, e); err != nil {
				return err
			}
		}
	}
	if said > remarksShown {
		_, err := fmt.Fprintf(out, "Note: the same is true of %d more entries.\n", said-remarksShown)
		return err
	}
	return nil
}

// readEntries reads a file of entries.
func readEntries(path string) (*config.EntryFile, error) {
	if path == "-" {
		return config.ReadEntries("standard input", os.Stdin)
	}
	in, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer func() { _ = in.Close() }()
	return config.ReadEntries(path, in)
}

// errorsShown is how many of many errors are told.
const errorsShown = 20

// shorten joins the first of many errors, and says how many more there are.
func shorten(all []error) error {
	if len(all) <= errorsShown {
		return errors.Join(all...)
	}
	return fmt.Errorf("%w\nand %d more", errors.Join(all[:errorsShown]...), len(all)-errorsShown)
}

type scheduleExport struct {
	Match string `help:"Only entries whose ID contains this." placeholder:"TEXT"`
}

// Run implements the command. The entries of the configuration and those of users are
// left out: they come from elsewhere. The others are in the order of their IDs, so that
// two exports can be compared.
func (cmd scheduleExport) Run(c *connection, out *command.Output) error {
	return c.with(func(ctx context.Context, d door) error {
		found := make(map[string]config.FileEntry)
		filter := schedule.Filter{Origin: schedule.OriginAPI, Match: cmd.Match, Page: schedule.MaxPage}
		for start := ""; ; {
			page, next, err := d.Entries(ctx, filter, start)
			if err != nil {
				return err
			}
			if err := collect(found, page); err != nil {
				return err
			}
			if start = next; start == "" {
				break
			}
		}
		file := make([]config.FileEntry, 0, len(found))
		for _, id := range slices.Sorted(maps.Keys(found)) {
			file = append(file, found[id])
		}
		raw, err := yaml.Marshal(file)
		if err == nil && out.JSON {
			var same any // JSON is YAML: import reads it as well
			if err = yaml.Unmarshal(raw, &same); err == nil {
				return out.Encode(same)
			}
		}
		if err == nil {
			_, err = out.Write(raw)
		}
		return err
	})
}

// collect adds the entries of a page to found.
func collect(found map[string]config.FileEntry, page []listed) error {
	for _, r := range page {
		if r.Record.State() == schedule.Unreadable {
			_, _ = fmt.Fprintln(redact.Process.Log(os.Stderr), "left out:", r.Books.LastError)
			continue
		}
		e, err := config.EntryOf(r.Entry)
		if err != nil {
			return err
		}
		e.Paused = r.Books.Paused
		found[r.Entry.ID] = config.FileEntry{ID: r.Entry.ID, Entry: e}
	}
	return nil
}
