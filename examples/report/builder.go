package report

import (
	"cmp"
	"context"
	"encoding/csv"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"slices"
	"strconv"

	"switchyard"
)

// Builder performs tasks of the kind report_build.
type Builder struct {
	// Dir is the folder of the CSV files and their summaries. No task reaches beyond it.
	Dir string
}

// Build reads the rows, customer and cents, tells how far it is, and returns the summary. It also
// writes the summary of a file beside it. To do so twice changes nothing.
func (b Builder) Build(ctx context.Context, t *switchyard.Task, args Build) (any, error) {
	if args.File == "" {
		return sum(ctx, t, madeUp(args.Rows))
	}
	dir, err := os.OpenRoot(b.Dir)
	if err != nil {
		return nil, err // somebody may mount it yet
	}
	defer func() { _ = dir.Close() }()
	file, err := dir.Open(args.File)
	if err != nil {
		return nil, switchyard.Permanent(err)
	}
	defer func() { _ = file.Close() }()
	rows := csv.NewReader(file)
	rows.FieldsPerRecord = 2
	summary, err := sum(ctx, t, rows.Read)
	if err != nil {
		return nil, err
	}
	text, err := json.Marshal(summary)
	if err != nil {
		return nil, err
	}
	return summary, write(dir, args.File+".summary.json", t.Run, text)
}

// tellEvery is after how many rows a report tells its progress, and looks whether it is to stop.
const tellEvery = 100_000

// sum reads rows until their end.
func sum(ctx context.Context, t *switchyard.Task, next func() ([]string, error)) (Summary, error) {
	var all Summary
	sums := make(map[string]int64)
	for {
		row, err := next()
		if errors.Is(err, io.EOF) {
			break
		}
		var cents int64
		if err == nil {
			cents, err = strconv.ParseInt(row[1], 10, 64)
		}
		if err != nil { // the file is as it is: another attempt reads the same
			return all, switchyard.Permanent(fmt.Errorf("row %d: %w: want a customer and whole cents", all.Rows+1, err))
		}
		all.Rows, all.Cents = all.Rows+1, all.Cents+cents
		sums[row[0]] += cents
		if all.Rows%tellEvery == 0 {
			if ctx.Err() != nil {
				return all, context.Cause(ctx)
			}
			if err := t.Progress(ctx, map[string]int{"rows": all.Rows}); err != nil {
				return all, err
			}
		}
	}
	all.Customers = len(sums)
	if len(sums) > 0 {
		all.Best = slices.MaxFunc(slices.Sorted(maps.Keys(sums)), func(a, b string) int { return cmp.Compare(sums[a], sums[b]) })
	}
	return all, nil
}

// madeUp returns rows that are the same each time.
func madeUp(rows int) func() ([]string, error) {
	made := 0
	return func() ([]string, error) {
		if made == rows {
			return nil, io.EOF
		}
		made++
		return []string{"customer " + strconv.Itoa(made%7), strconv.Itoa(made % 1000)}, nil
	}
}

// write writes a file as a whole or not at all: another worker may do the same just now.
func write(dir *os.Root, name, run string, text []byte) error {
	temporary := name + "." + run
	if err := dir.WriteFile(temporary, text, 0o644); err != nil {
		return err
	}
	return dir.Rename(temporary, name)
}
