package config

import (
	"errors"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"
	"time"

	"go.yaml.in/yaml/v3"
)

// errUnreadable says that the value of a field cannot be what it has to be.
var errUnreadable = errors.New("cannot be read")

// unreadableError is an errUnreadable in the words of whoever wrote the file.
type unreadableError string

func (e unreadableError) Error() string        { return string(e) }
func (e unreadableError) Is(target error) bool { return target == errUnreadable } //nolint:errorlint // that is what Is is

// entryFields read each field of an entry.
var entryFields = map[string]func(*FileEntry, *yaml.Node) error{
	"id":             text(func(e *FileEntry) *string { return &e.ID }, "nightly-report"),
	"spec":           text(func(e *FileEntry) *string { return &e.Spec }, `"0 8 * * *"`),
	"zone":           text(func(e *FileEntry) *string { return &e.Zone }, "Europe/Berlin"),
	"cron":           text(func(e *FileEntry) *string { return &e.Cron }, "celery"),
	"kind":           text(func(e *FileEntry) *string { return &e.Kind }, "scrape_page"),
	"payload":        readPayload,
	"queue":          text(func(e *FileEntry) *string { return &e.Queue }, "scraping"),
	"start":          value(func(e *FileEntry) *time.Time { return &e.Start }, "a time, such as 2030-06-01T09:00:00Z"),
	"end":            value(func(e *FileEntry) *time.Time { return &e.End }, "a time, such as 2030-06-01T09:00:00Z"),
	"max_runs":       value(func(e *FileEntry) *int64 { return &e.MaxRuns }, "a whole number, such as 3"),
	"spread":         duration(func(e *FileEntry) *time.Duration { return &e.Spread }),
	"catch_up":       text(func(e *FileEntry) *string { return &e.CatchUp }, "latest"),
	"catch_up_limit": value(func(e *FileEntry) *int { return &e.CatchUpLimit }, "a whole number, such as 3"),
	"fresh_for":      duration(func(e *FileEntry) *time.Duration { return &e.FreshFor }),
	"expires":        duration(func(e *FileEntry) *time.Duration { return &e.Expires }),
	"overlap":        text(func(e *FileEntry) *string { return &e.Overlap }, "skip"),
	"owner":          text(func(e *FileEntry) *string { return &e.Owner }, "ada"),
	"paused":         value(func(e *FileEntry) *bool { return &e.Paused }, "true or false"),
}

// pair is a field of an entry.
type pair struct {
	key, value *yaml.Node
	twice      bool // an earlier one has the same key
}

// readInto reads the field into e.
func (p pair) readInto(e *FileEntry) error {
	name := p.key.Value
	read, known := entryFields[name]
	switch {
	case p.key.Kind != yaml.ScalarNode:
		return fmt.Errorf("%s stands where the name of a field is wanted: use %s", noun(p.key), fieldNames())
	case !known:
		return fmt.Errorf("unknown field %.40q: use %s", name, fieldNames())
	case p.twice:
		return fmt.Errorf("field %s is given twice: keep one of them", name)
	}
	value := target(p.value)
	if value.Tag == "!!null" {
		return nil
	}
	if err := read(e, value); err != nil {
		return unreadableError(name + " " + err.Error())
	}
	return nil
}

func fieldNames() string { return strings.Join(slices.Sorted(maps.Keys(entryFields)), ", ") }

// maxMerges bounds how deeply mappings are merged into an entry: one may contain itself.
const maxMerges = 8

// pairs returns the fields of a mapping, with those that it merges in behind its own.
func pairs(n *yaml.Node, depth int) []pair {
	var own []pair
	var merged []*yaml.Node
	set := make(map[string]bool, len(n.Content)/2)
	for i := 0; i+1 < len(n.Content); i += 2 {
		key, value := n.Content[i], n.Content[i+1]
		if key.Tag == "!!merge" {
			if value = target(value); value.Kind == yaml.SequenceNode {
				merged = append(merged, value.Content...)
			} else {
				merged = append(merged, value)
			}
			continue
		}
		own = append(own, pair{key, value, set[key.Value]})
		set[key.Value] = true
	}
	for _, m := range merged {
		if m = target(m); m.Kind != yaml.MappingNode || depth == maxMerges {
			continue
		}
		for _, p := range pairs(m, depth+1) {
			if !set[p.key.Value] {
				own = append(own, p)
				set[p.key.Value] = true
			}
		}
	}
	return own
}

// target returns the node that an alias stands for, or n.
func target(n *yaml.Node) *yaml.Node {
	if n.Kind == yaml.AliasNode {
		return n.Alias
	}
	return n
}

// noun says what a node is, for a reader of the file.
func noun(n *yaml.Node) string {
	switch {
	case n.Kind == yaml.MappingNode:
		return "a mapping"
	case n.Kind == yaml.SequenceNode:
		return "a list"
	case n.Tag == "!!null":
		return "empty"
	}
	return fmt.Sprintf("%.40q", n.Value)
}

// shown says what the value of a field is, behind the field's name.
func shown(n *yaml.Node) string {
	if n.Kind == yaml.ScalarNode {
		return noun(n)
	}
	return "is " + noun(n)
}

// value returns a reader of a field of type T, of which wanted is told where it is none.
func value[T any](field func(*FileEntry) *T, wanted string) func(*FileEntry, *yaml.Node) error {
	return func(e *FileEntry, n *yaml.Node) error {
		if err := n.Decode(field(e)); err != nil {
			return fmt.Errorf("%s: give %s", shown(n), wanted)
		}
		return nil
	}
}

// text returns a reader of a text. What looks like a number or a date is text, too.
func text(field func(*FileEntry) *string, such string) func(*FileEntry, *yaml.Node) error {
	return func(e *FileEntry, n *yaml.Node) error {
		if n.Kind != yaml.ScalarNode {
			return fmt.Errorf("%s: give text, such as %s", shown(n), such)
		}
		*field(e) = n.Value
		return nil
	}
}

// duration returns a reader of a duration. A number without a unit would be nanoseconds,
// which nobody means.
func duration(field func(*FileEntry) *time.Duration) func(*FileEntry, *yaml.Node) error {
	return func(e *FileEntry, n *yaml.Node) error {
		d, err := time.ParseDuration(n.Value)
		if err != nil || n.Kind != yaml.ScalarNode {
			return fmt.Errorf("%s: give a duration with its unit, such as 10m", shown(n))
		}
		*field(e) = d
		return nil
	}
}

// keyTwice is how the YAML library says that a key of a mapping is given twice.
var keyTwice = regexp.MustCompile(`line (\d+): mapping key (".*") already defined at line (\d+)`)

func readPayload(e *FileEntry, n *yaml.Node) error {
	if n.Kind != yaml.MappingNode {
		return fmt.Errorf("%s: give an object, such as {user: ada}", shown(n))
	}
	if err := n.Decode(&e.Payload); err != nil {
		return freeError(err)
	}
	return nil
}

// freeError says why a value of any form cannot be read.
func freeError(err error) error {
	if twice := keyTwice.FindStringSubmatch(err.Error()); twice != nil {
		return fmt.Errorf("has the key %s twice, in lines %s and %s: keep one of them", twice[2], twice[3], twice[1])
	}
	return errors.New("cannot be read: use text for its keys, and no alias of what contains it")
}
