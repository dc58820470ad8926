package config

import (
	"cmp"
	"fmt"
	"slices"

	"switchyard/internal/schedule"
)

// FileEntry is an entry in a file for import. A file is a list of them: in a YAML mapping of
// many entries looking for a key given twice would take minutes.
type FileEntry struct {
	ID    string `yaml:"id"`
	Entry `yaml:",inline"`
}

// EntryFile is a file for import: its entries, and everything that is wrong with them. It
// is not safe for concurrent use.
type EntryFile struct {
	name     string
	entries  []located
	problems []problem
}

// located is an entry, and where it is.
type located struct {
	entry schedule.Entry
	line  int
	read  bool // each of its fields that there is could be read
	bad   bool // something is wrong with it
}

// problem is something that is wrong at a line, 0 if nobody knows where.
type problem struct {
	line int
	err  error
}

// Len returns how many entries the file has, good and bad.
func (f *EntryFile) Len() int { return len(f.entries) }

// Good returns the entries that nothing is wrong with.
func (f *EntryFile) Good() []schedule.Entry {
	var good []schedule.Entry
	for _, l := range f.entries {
		if !l.bad {
			good = append(good, l.entry)
		}
	}
	return good
}

// Check asks what is wrong with each entry that could be read, and notes it.
func (f *EntryFile) Check(check func(schedule.Entry) error) {
	for i := range f.entries {
		if l := &f.entries[i]; l.read {
			f.blame(l, check(l.entry))
		}
	}
}

// Refuse notes what [schedule.Store.PutAll] refused. It returns an error that is about no
// entry.
func (f *EntryFile) Refuse(err error) error {
	refused, ok := schedule.Refusals(err)
	if !ok {
		return err
	}
	for i := range f.entries {
		if l := &f.entries[i]; !l.bad {
			f.blame(l, refused[l.entry.ID])
		}
	}
	return nil
}

// blame notes what is wrong with an entry, if something is, each of joined errors on its own.
func (f *EntryFile) blame(l *located, err error) {
	if joined, ok := err.(interface{ Unwrap() []error }); ok { //nolint:errorlint // not of what it holds
		for _, one := range joined.Unwrap() {
			f.blame(l, one)
		}
		return
	}
	if err != nil {
		l.bad = true
		f.note(l.line, err)
	}
}

func (f *EntryFile) note(line int, err error) { f.problems = append(f.problems, problem{line, err}) }

// Problems returns everything that is wrong, each with the file and the line, in the order
// of the lines.
func (f *EntryFile) Problems() []error {
	slices.SortStableFunc(f.problems, func(a, b problem) int { return cmp.Compare(a.line, b.line) })
	errs := make([]error, len(f.problems))
	for i, p := range f.problems {
		if errs[i] = fmt.Errorf("%s:%d: %w", f.name, p.line, p.err); p.line == 0 {
			errs[i] = fmt.Errorf("%s: %w", f.name, p.err)
		}
	}
	return errs
}

// findTwins notes the entries whose ID another one has as well.
func (f *EntryFile) findTwins() {
	first := make(map[string]*located, len(f.entries))
	for i := range f.entries {
		l := &f.entries[i]
		one := first[l.entry.ID]
		switch {
		case l.entry.ID == "":
		case one == nil:
			first[l.entry.ID] = l
		default:
			one.bad = true
			f.blame(l, fmt.Errorf("entry %s is given twice, the first time in line %d: keep one of them", l.entry.ID, one.line))
		}
	}
}
