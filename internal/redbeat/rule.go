package redbeat

import (
	"fmt"
	"strings"
	"time"

	"switchyard/internal/calendar"
)

// ruleTime is how RFC 5545 spells a time.
const ruleTime = "20060102T150405"

// rule is a rule of dateutil as RedBeat keeps it.
type rule struct {
	freq  int       // as dateutil numbers them
	start time.Time // at the offset from UTC at which the rule counts
	ends  []string  // INTERVAL, COUNT, UNTIL and WKST, those that are set
	days  []string  // the parts that pick days
	times []string  // those that pick times of day, and BYSETPOS
}

// readRule returns the spec of a rule, and its zone.
func readRule(o object, zone *time.Location, changed func(string, ...any)) (spec, home string, err error) {
	r, err := parseRule(o, changed)
	if err != nil {
		return "", "", fmt.Errorf("rrule: %w", err)
	}
	if moment, ok := r.once(); ok {
		return "at " + moment.UTC().Format(time.RFC3339), zone.String(), nil
	}
	clock, err := r.clock(zone)
	if err != nil {
		return "", "", fmt.Errorf("rrule: %w", err)
	}
	parts := append([]string{"FREQ=" + frequencies[r.freq]}, r.ends...)
	parts = append(append(parts, r.days...), r.times...)
	return "DTSTART:" + r.start.In(clock).Format(ruleTime) + " RRULE:" + strings.Join(parts, ";"), clock.String(), nil
}

// parseRule reads the parts of a rule.
func parseRule(o object, changed func(string, ...any)) (r rule, err error) {
	if err := o.only(ruleMembers()...); err != nil {
		return r, err
	}
	if o["byeaster"] != nil {
		return r, fmt.Errorf("byeaster is %s: nothing here counts from Easter: add an entry for each date instead, with a spec such as at 2030-04-21T09:00:00Z", o.show("byeaster"))
	}
	if r.freq, err = readFrequency(o); err != nil {
		return r, err
	}
	if r.start, err = readStart(o); err != nil {
		return r, err
	}
	if r.ends, err = readEnds(o); err != nil {
		return r, err
	}
	if r.days, err = readDays(o, r.freq, changed); err != nil {
		return r, err
	}
	r.times, err = readLists(o, "byhour", "byminute", "bysecond", "bysetpos")
	return r, err
}

// once returns the moment of a rule that has one: its start, unless a part picks another.
func (r rule) once() (time.Time, bool) {
	return r.start, len(r.ends) == 1 && r.ends[0] == "COUNT=1" && len(r.days)+len(r.times) == 0
}

// clock returns a zone in which the rule is due at the moments it is due at in RedBeat,
// where it counts at a fixed offset in summer and winter alike.
func (r rule) clock(zone *time.Location) (*time.Location, error) {
	_, offset := r.start.Zone()
	here := r.start.In(zone)
	_, there := here.Zone()
	if _, change := here.ZoneBounds(); there == offset && change.IsZero() {
		return zone, nil // whose clock never changes again
	}
	if offset == 0 {
		return time.UTC, nil
	}
	if hours := offset / 3600; offset%3600 == 0 && hours >= -12 && hours <= 14 {
		return calendar.LoadZone(fmt.Sprintf("Etc/GMT%+d", -hours)) // signed as POSIX does: -1 is ahead of UTC
	}
	if r.sameInUTC() {
		return time.UTC, nil
	}
	return nil, fmt.Errorf("dtstart_tz is %s: no time zone stays at this offset: save the rule with a dtstart at whole hours from UTC", r.start.Format("-07:00"))
}

// sameInUTC reports whether the rule picks the same days in UTC and leaves the times of day
// to its start.
func (r rule) sameInUTC() bool {
	if r.freq >= hourly {
		return len(r.days)+len(r.times) == 0
	}
	return len(r.times) == 0 && r.start.Format(time.DateOnly) == r.start.UTC().Format(time.DateOnly)
}
