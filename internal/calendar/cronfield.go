package calendar

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
)

// cronField is what a field of a cron spec is called, what it takes, for errors, the
// values it has, and their names from the lowest on.
type cronField struct {
	name, takes   string
	lowest, count int
	names         []string
}

var cronFields = [...]cronField{
	{name: "second", takes: "0-59", count: 60},
	{name: "minute", takes: "0-59", count: 60},
	{name: "hour", takes: "0-23", count: 24},
}

var (
	monthDayField = cronField{name: "day of month", takes: "1-31, L, L-3, LW or 15W", lowest: 1, count: 31}
	monthField    = cronField{name: "month", takes: "1-12 or JAN-DEC", lowest: 1, count: 12, names: []string{
		"january", "february", "march", "april", "may", "june", "july", "august", "september", "october", "november", "december",
	}}
	weekDayField = cronField{name: "day of week", takes: "0-7, SUN-SAT, FRI#3 or FRI#L", count: 7, names: []string{
		"sunday", "monday", "tuesday", "wednesday", "thursday", "friday", "saturday",
	}}
)

// read returns the set of values of a field: a list of *, values and ranges, each with an
// optional step.
func (f cronField) read(text string) (set uint64, err error) {
	for item := range strings.SplitSeq(text, ",") {
		some, err := f.readItem(item)
		if err != nil {
			return 0, f.fault(text, err)
		}
		set |= some
	}
	return set, nil
}

func (f cronField) fault(text string, err error) error {
	return fmt.Errorf("%s %q is not valid, %w: use %s, alone or as in 2,4 and 2-4, or * with a step as in */5", f.name, text, err, f.takes)
}

// readItem returns the values of one item of a list.
func (f cronField) readItem(item string) (uint64, error) {
	span, stepText, stepped := strings.Cut(item, "/")
	step := 1
	if stepped {
		var err error
		if step, err = f.readStep(stepText); err != nil {
			return 0, err
		}
	}
	first, last, err := f.readSpan(span, stepped)
	if err != nil {
		return 0, err
	}
	if last < first {
		last += f.count // across the end, as in FRI-MON and 22-2
	}
	var set uint64
	for value := first; value <= last; value += step {
		set |= 1 << ((value-f.lowest)%f.count + f.lowest)
	}
	return set, nil
}

// readStep reads a step. One as long as the field keeps the first value only; one beyond
// that would not do what it says.
func (f cronField) readStep(text string) (int, error) {
	step, ok := digits(text)
	switch {
	case !ok || step == 0:
		return 0, fmt.Errorf("step %q is not a number from 1 to %d", text, f.count)
	case step > f.count:
		return 0, fmt.Errorf("a step of %d is longer than its %d values, so that only the first would be due: write %d for that, or an interval such as @every 90m", step, f.count, f.lowest)
	}
	return step, nil
}

// readSpan reads *, a value or a range. A single value with a step goes on to the end, in
// the week to the Sunday that is 7.
func (f cronField) readSpan(text string, stepped bool) (first, last int, err error) {
	if text == "*" {
		return f.lowest, f.lowest + f.count - 1, nil
	}
	from, to, ranged := strings.Cut(text, "-")
	if first, err = f.readValue(from); err != nil {
		return 0, 0, err
	}
	switch {
	case ranged:
		last, err = f.readValue(to)
		if f.isWeek() && first == f.count && first > last {
			first = 0 // Sunday is 7, too
		}
	case stepped:
		last = f.highest()
	default:
		last = first
	}
	return first, last, err
}

func (f cronField) isWeek() bool { return f.name == weekDayField.name }

// highest returns the highest number of a field. In the week, 7 is Sunday as 0 is.
func (f cronField) highest() int {
	if f.isWeek() {
		return f.count
	}
	return f.lowest + f.count - 1
}

// readValue reads a number or a name.
func (f cronField) readValue(text string) (int, error) {
	if n, ok := digits(text); ok && f.lowest <= n && n <= f.highest() {
		return n, nil
	}
	if i, ok := f.named(text); ok {
		return f.lowest + i, nil
	}
	if text == "" {
		return 0, errors.New("a value is missing")
	}
	return 0, fmt.Errorf("%q is none of its values", text)
}

// named returns which of the field's names a text is, in any case and cut off after three
// letters or more.
func (f cronField) named(text string) (int, bool) {
	text = strings.ToLower(text)
	for i, name := range f.names {
		if len(text) >= 3 && strings.HasPrefix(name, text) {
			return i, true
		}
	}
	return 0, false
}

// digits reads a number of one or two digits.
func digits(text string) (int, bool) {
	if len(text) > 2 || strings.Trim(text, "0123456789") != "" {
		return 0, false
	}
	n, err := strconv.Atoi(text)
	return n, err == nil
}

// isAny reports whether a field of days leaves all of them, so that only the other one
// counts. Vixie's cron looks at the text and not at the values: 1-31 restricts.
func isAny(text string) bool {
	for item := range strings.SplitSeq(text, ",") {
		if item == "*" || item == "*/1" || item == "?" {
			return true
		}
	}
	return false
}
