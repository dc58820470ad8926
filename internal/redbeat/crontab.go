package redbeat

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"switchyard/internal/calendar"
)

// cronField is a field of a crontab of Celery.
type cronField struct {
	name      string
	low, high int
	steps     bool     // a step such as */15 says it best
	names     []string // of its values from low on, if they have any
}

// The fields in the order of a cron spec.
var (
	minuteField  = cronField{"minute", 0, 59, true, nil}
	hourField    = cronField{"hour", 0, 23, true, nil}
	dayField     = cronField{"day_of_month", 1, 31, true, nil}
	monthField   = cronField{"month_of_year", 1, 12, true, nil}
	weekdayField = cronField{"day_of_week", 0, 6, false, []string{"SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT"}}
)

// crontab returns the cron spec of a crontab, and how its day fields are to be read.
//
// Celery's text is not handed on: it wraps ranges, takes steps of any size and weekdays by
// any word that starts like one. What comes out names the same values in the plainest way.
func crontab(o object) (spec string, dialect calendar.Dialect, err error) {
	fields := []cronField{minuteField, hourField, dayField, monthField, weekdayField}
	known := []string{"__type__"}
	for _, f := range fields {
		known = append(known, f.name)
	}
	if err := o.only(known...); err != nil {
		return "", "", fmt.Errorf("crontab: %w", err)
	}
	texts := make([]string, len(fields))
	for i, f := range fields {
		values, err := f.values(o)
		if err != nil {
			return "", "", fmt.Errorf("crontab: %w", err)
		}
		texts[i] = f.text(values)
	}
	// A day has to suit both fields. That makes a difference only if both leave days out.
	if texts[2] != "*" && texts[4] != "*" {
		dialect = calendar.Celery
	}
	return strings.Join(texts, " "), dialect, nil
}

// values returns the values of a field, in order.
func (f cronField) values(o object) ([]int, error) {
	var values []int
	switch v := o[f.name].(type) {
	case string:
		for part := range strings.SplitSeq(v, ",") {
			some, err := f.part(strings.TrimSpace(part))
			if err != nil {
				return nil, err
			}
			values = append(values, some...)
		}
	case []any:
		for _, item := range v {
			n, err := f.check(item)
			if err != nil {
				return nil, err
			}
			values = append(values, n)
		}
	default:
		if _, there := o[f.name]; !there {
			return f.all(), nil
		}
		n, err := f.check(v)
		if err != nil {
			return nil, err
		}
		values = []int{n}
	}
	if len(values) == 0 {
		return nil, fmt.Errorf("%s is an empty list: it has to have a value", f.name)
	}
	slices.Sort(values)
	return slices.Compact(values), nil
}

func (f cronField) check(item any) (int, error) {
	n, ok := whole(item)
	if !ok || n < f.low || n > f.high {
		return 0, f.fault(show(item))
	}
	return n, nil
}

func (f cronField) fault(text string) error {
	return fmt.Errorf("%s %s is not valid: it has to be in %d-%d, alone, in a list, or in a text such as 2,4 or 2-4 or */2", f.name, text, f.low, f.high)
}

// part reads one part of a list: *, a value or a range, the first and the last with a step.
func (f cronField) part(text string) ([]int, error) {
	span, step, stepped := strings.Cut(text, "/")
	first, last, ranged := strings.Cut(span, "-")
	values := f.all()
	if span != "*" {
		from, ok := f.value(first)
		to := from
		if ok && ranged {
			to, ok = f.value(last)
		}
		if !ok || stepped && !ranged {
			return nil, f.fault(show(text))
		}
		values = f.span(from, to)
	}
	if !stepped {
		return values, nil
	}
	n, err := strconv.Atoi(step)
	if err != nil || n < 1 {
		return nil, f.fault(show(text))
	}
	some := values[:0]
	for i := 0; i < len(values); i += n {
		some = append(some, values[i])
	}
	return some, nil
}

// value reads a number, or a word by its first three letters: a day of the week, which
// Celery takes in any field.
func (f cronField) value(text string) (int, bool) {
	n, err := strconv.Atoi(text)
	if err != nil {
		n = slices.Index(weekdayField.names, strings.ToUpper(text[:min(3, len(text))]))
	}
	return n, f.low <= n && n <= f.high
}

// span returns the values from one to another, on from the lowest if need be.
func (f cronField) span(from, to int) []int {
	size := f.high - f.low + 1
	values := []int{from}
	for n := from; n != to; {
		n = f.low + (n-f.low+1)%size
		values = append(values, n)
	}
	return values
}

func (f cronField) all() []int { return f.span(f.low, f.high) }
