package calendar

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"
)

// ruleSet is a recurrence set of RFC 5545 on the wall clock, as if it were UTC: what the
// rule gives and the dates added to it. EXDATE took out of both what it names.
type ruleSet struct {
	rule  Spec
	added dates // RDATE
}

// Next implements [Spec].
func (r ruleSet) Next(after time.Time) time.Time {
	tick, added := r.rule.Next(after), r.added.Next(after)
	if tick.IsZero() || !added.IsZero() && added.Before(tick) {
		return added
	}
	return tick
}

// isRule reports whether a spec is an RRULE rather than of another form.
func isRule(text string) bool {
	start := strings.ToUpper(text[:min(len(text), len("DTSTART"))])
	for _, name := range []string{"RRULE", "DTSTART", "RDATE", "EXDATE", "EXRULE", "FREQ="} {
		if strings.HasPrefix(start, name) {
			return true
		}
	}
	return false
}

// parseRule reads an RRULE and the lines that go with it, in any order.
func parseRule(text string, zone *time.Location) (Spec, error) {
	lines, err := readLines(text)
	if err != nil {
		return nil, err
	}
	start, zone, err := readStart(lines["DTSTART"], zone)
	if err != nil {
		return nil, err
	}
	added, err := readDates(lines["RDATE"], zone)
	if err != nil {
		return nil, err
	}
	excluded, err := readDates(lines["EXDATE"], zone)
	if err != nil {
		return nil, err
	}
	if len(lines["RRULE"]) != 1 {
		return nil, fmt.Errorf("it has %d RRULE lines: give one, such as RRULE:FREQ=WEEKLY;BYDAY=MO", len(lines["RRULE"]))
	}
	rule, err := readParts(lines["RRULE"][0].value, start, zone)
	if err != nil {
		return nil, fmt.Errorf("RRULE: %w", err)
	}
	rule.excluded = excluded
	spec := wallSpec{
		wall:      ruleSet{rule.spec(), added.without(excluded)},
		everyHour: rule.everyHour(),
		zone:      zone,
	}
	if spec.Next(earliest(start, added).Add(-farAhead)).IsZero() {
		return nil, errors.New("it is never due: no time from DTSTART on suits all parts of RRULE, or EXDATE takes every one out")
	}
	return spec, nil
}

func earliest(start time.Time, added dates) time.Time {
	if len(added) > 0 && added[0] < start.Unix() {
		return time.Unix(added[0], 0).UTC()
	}
	return start
}

// dates are moments in seconds since 1970, in order and each once.
type dates []int64

func newDates(moments []time.Time) dates {
	var d dates
	for _, moment := range moments {
		d = append(d, moment.Unix())
	}
	slices.Sort(d)
	return slices.Compact(d)
}

func (d dates) has(moment time.Time) bool {
	_, found := slices.BinarySearch(d, moment.Unix())
	return found
}

func (d dates) without(others dates) dates {
	return slices.DeleteFunc(slices.Clone(d), func(moment int64) bool {
		_, found := slices.BinarySearch(others, moment)
		return found
	})
}

// Next implements [Spec].
func (d dates) Next(after time.Time) time.Time {
	i, _ := slices.BinarySearch(d, after.Unix()+1)
	if i == len(d) {
		return time.Time{}
	}
	return time.Unix(d[i], 0).UTC()
}
