package calendar

import (
	"errors"
	"fmt"
	"strings"
	"time"
)

// ruleSet is a recurrence set of RFC 5545 on the wall clock, as if it were UTC: what the
// rule gives and the dates added to it, without those taken out.
type ruleSet struct {
	rule     Spec
	added    dates // RDATE, without those of EXDATE
	excluded dates // EXDATE
}

// Next implements [Spec].
func (r ruleSet) Next(b *Budget, after time.Time) (time.Time, error) {
	added, err := r.added.Next(b, after)
	if err != nil {
		return time.Time{}, err
	}
	tick, err := r.rule.Next(b, after)
	for err == nil && !tick.IsZero() && r.excluded.has(tick) {
		tick, err = r.rule.Next(b, tick)
	}
	if tick.IsZero() || !added.IsZero() && added.Before(tick) {
		return added, err
	}
	return tick, err
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
func parseRule(b *Budget, text string, zone *time.Location) (Spec, error) {
	lines, err := readLines(text)
	if err != nil {
		return nil, err
	}
	start, zone, err := readStart(lines["DTSTART"], zone)
	if err != nil {
		return nil, err
	}
	set, everyHour, err := readSet(b, lines, start, zone)
	if err != nil {
		return nil, err
	}
	spec := wallSpec{wall: set, everyHour: everyHour, zone: zone}
	first, err := spec.Next(b, set.added.earliest(start).Add(-farAhead))
	if err != nil {
		return nil, err
	}
	if first.IsZero() {
		return nil, errors.New("it is never due within a hundred years: no time from DTSTART on suits all parts of RRULE, or EXDATE takes every one out")
	}
	return spec, nil
}

// readSet reads all lines but DTSTART. everyHour is as in [wallSpec].
func readSet(b *Budget, lines map[string][]ruleLine, start time.Time, zone *time.Location) (set ruleSet, everyHour bool, err error) {
	if set.excluded, err = readDates(lines["EXDATE"], zone); err != nil {
		return set, false, err
	}
	added, err := readDates(lines["RDATE"], zone)
	if err != nil {
		return set, false, err
	}
	set.added = added.without(set.excluded)
	if len(lines["RRULE"]) != 1 {
		return set, false, fmt.Errorf("it has %d RRULE lines: give one, such as RRULE:FREQ=WEEKLY;BYDAY=MO", len(lines["RRULE"]))
	}
	rule, err := readParts(lines["RRULE"][0].value, start, zone)
	if err != nil {
		return set, false, fmt.Errorf("RRULE: %w", err)
	}
	set.rule, err = rule.counted(b)
	return set, rule.everyHour(), err
}
