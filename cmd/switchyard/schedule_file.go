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
	"switchyard/internal/config"
	"switchyard/internal/schedule"
)

// fileEntry is an entry in a file for import. A file is a list of them: in a YAML mapping of
// many entries looking for a key given twice would take minutes.
type fileEntry struct {
	ID           string `yaml:"id"`
	config.Entry `yaml:",inline"`
}

type scheduleImport struct {
	File   string `arg:"" help:"YAML file, a list of entries as export writes it; - for standard input."`
	DryRun bool   `help:"Only check the file."`
}

// Run implements the command.
func (cmd scheduleImport) Run(f *config.Flags, out io.Writer) error {
	entries, err := readEntries(cmd.File)
	if err != nil {
		return err
	}
	return withSystem(f, func(ctx context.Context, s *app.System) error {
		if err := checkEntries(s, entries); err != nil {
			return err
		}
		if cmd.DryRun {
			_, err := fmt.Fprintf(out, "%d entries could be imported.\n", len(entries))
			return err
		}
		bar := newProgress(os.Stderr)
		changed, refused := s.Schedule.PutAll(ctx, entries, func(done int) { bar.show("importing", done, len(entries)) })
		bar.clear()
		if _, err := fmt.Fprintf(out, "Of %d entries %d were added or changed.\n", len(entries), changed); err != nil {
			return err
		}
		return shorten(refused)
	})
}

// readEntries reads a file of entries.
func readEntries(path string) ([]schedule.Entry, error) {
	in := os.Stdin
	if path != "-" {
		var err error
		if in, err = os.Open(path); err != nil {
			return nil, err
		}
		defer func() { _ = in.Close() }()
	}
	d := yaml.NewDecoder(in)
	d.KnownFields(true)
	var file []fileEntry
	if err := d.Decode(&file); err != nil && !errors.Is(err, io.EOF) {
		return nil, fmt.Errorf("%s is not a list of entries: %w", path, err)
	}
	entries := make([]schedule.Entry, len(file))
	var errs []error
	for i, e := range file {
		var err error
		entries[i], err = e.Scheduled(e.ID, schedule.OriginAPI)
		errs = append(errs, err)
	}
	return entries, shorten(errors.Join(errs...))
}

// checkEntries reports the entries that cannot be enqueued.
func checkEntries(s *app.System, entries []schedule.Entry) error {
	var errs []error
	for _, e := range entries {
		errs = append(errs, s.CheckEntry(e))
	}
	return shorten(errors.Join(errs...))
}

// errorsShown is how many of many errors are told.
const errorsShown = 20

// shorten returns the first of many joined errors, and how many more there are.
func shorten(err error) error {
	joined, ok := err.(interface{ Unwrap() []error }) //nolint:errorlint // of errors.Join only, not of what it holds
	if !ok {
		return err
	}
	all := joined.Unwrap()
	if len(all) <= errorsShown {
		return err
	}
	return fmt.Errorf("%w\nand %d more", errors.Join(all[:errorsShown]...), len(all)-errorsShown)
}

type scheduleExport struct {
	Match string `help:"Only entries whose ID contains this." placeholder:"TEXT"`
}

// Run implements the command. The entries of the configuration and those of users are
// left out: they come from elsewhere. The others are in the order of their IDs, so that
// two exports can be compared.
func (cmd scheduleExport) Run(f *config.Flags, out io.Writer) error {
	return withSystem(f, func(ctx context.Context, s *app.System) error {
		found := make(map[string]fileEntry)
		filter := schedule.Filter{Origin: schedule.OriginAPI, Match: cmd.Match, Page: schedule.MaxPage}
		for start := ""; ; {
			page, next, err := s.Schedule.List(ctx, filter, start)
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
		file := make([]fileEntry, 0, len(found))
		for _, id := range slices.Sorted(maps.Keys(found)) {
			file = append(file, found[id])
		}
		raw, err := yaml.Marshal(file)
		if err == nil {
			_, err = out.Write(raw)
		}
		return err
	})
}

// collect adds the entries of a page to found.
func collect(found map[string]fileEntry, page []schedule.Record) error {
	for _, r := range page {
		if r.State() == schedule.Unreadable {
			_, _ = fmt.Fprintln(os.Stderr, "left out:", r.Books.LastError)
			continue
		}
		e, err := config.EntryOf(r.Entry)
		if err != nil {
			return err
		}
		e.Paused = r.Books.Paused
		found[r.Entry.ID] = fileEntry{r.Entry.ID, e}
	}
	return nil
}
