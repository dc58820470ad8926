package calendar

import (
	"errors"
	"fmt"
	"strings"
	"time"
)

// ruleLine is one content line of RFC 5545, such as DTSTART;TZID=Europe/Berlin:20260105T083000.
type ruleLine struct{ name, zone, value string }

// readLines returns the lines of a text by their names.
func readLines(text string) (map[string][]ruleLine, error) {
	lines := make(map[string][]ruleLine)
	for field := range strings.FieldsSeq(text) {
		line, err := readLine(field)
		if err != nil {
			return nil, fmt.Errorf("line %.80q %w", field, err)
		}
		lines[line.name] = append(lines[line.name], line)
	}
	return lines, nil
}

func readLine(text string) (ruleLine, error) {
	head, value, ok := strings.Cut(text, ":")
	if !ok {
		return ruleLine{}, errors.New("has no colon: write RRULE:FREQ=DAILY or DTSTART:20260105T083000")
	}
	name, params, hasParams := strings.Cut(head, ";")
	line := ruleLine{name: strings.ToUpper(name), value: strings.ToUpper(value)}
	switch line.name {
	case "RRULE":
		if hasParams {
			return ruleLine{}, errors.New("has parameters before its colon: write RRULE:FREQ=DAILY")
		}
		return line, nil
	case "DTSTART", "EXDATE", "RDATE":
	default:
		return ruleLine{}, errors.New("is not known: use RRULE, DTSTART, EXDATE and RDATE")
	}
	if !hasParams {
		return line, nil
	}
	for param := range strings.SplitSeq(params, ";") {
		key, value, _ := strings.Cut(param, "=")
		switch {
		case strings.EqualFold(key, "TZID") && value != "":
			line.zone = value
		case !strings.EqualFold(param, "VALUE=DATE-TIME"):
			return ruleLine{}, fmt.Errorf("has the parameter %q: only TZID, and VALUE=DATE-TIME, are known", param)
		}
	}
	return line, nil
}

// The years a rule may start in, and have dates added in: far from both ends of time.
const (
	firstRuleYear = 1900
	lastRuleYear  = 2200
)

// readStart returns where a rule starts on the wall clock, and the zone of that clock:
// the one that DTSTART names, or else that of the entry.
func readStart(lines []ruleLine, zone *time.Location) (time.Time, *time.Location, error) {
	if len(lines) != 1 {
		return time.Time{}, nil, fmt.Errorf("it has %d DTSTART lines: give one, such as DTSTART:20260105T083000, from which the rule counts", len(lines))
	}
	line := lines[0]
	if line.zone != "" {
		var err error
		if zone, err = LoadZone(line.zone); err != nil {
			return time.Time{}, nil, fmt.Errorf("DTSTART: %w", err)
		}
	} else if strings.HasSuffix(line.value, "Z") {
		zone = time.UTC
	}
	start, err := line.read(line.value, zone)
	return start, zone, err
}

// readDates returns the dates of some lines, on the wall clock of a zone.
func readDates(lines []ruleLine, zone *time.Location) (dates, error) {
	var moments []time.Time
	for _, line := range lines {
		for value := range strings.SplitSeq(line.value, ",") {
			moment, err := line.read(value, zone)
			if err != nil {
				return nil, err
			}
			moments = append(moments, moment)
		}
	}
	return newDates(moments), nil
}

// read returns one of a line's times, on the wall clock of a zone.
func (l ruleLine) read(value string, zone *time.Location) (time.Time, error) {
	own := zone
	if l.zone != "" {
		var err error
		if own, err = LoadZone(l.zone); err != nil {
			return time.Time{}, fmt.Errorf("%s: %w", l.name, err)
		}
		if strings.HasSuffix(value, "Z") {
			return time.Time{}, fmt.Errorf("%s %q is in UTC and in zone %s: leave out Z or TZID", l.name, value, l.zone)
		}
	}
	wall, err := readWall(value, own, zone)
	if err != nil {
		return time.Time{}, fmt.Errorf("%s %w", l.name, err)
	}
	if wall.Year() < firstRuleYear || wall.Year() > lastRuleYear {
		return time.Time{}, fmt.Errorf("%s %q is too far away: give a year from %d to %d", l.name, value, firstRuleYear, lastRuleYear)
	}
	return wall, nil
}

// readWall reads a time, which is that of zone own unless it ends in Z, and returns what
// the wall clock of zone shows then, as if it were UTC.
func readWall(value string, own, zone *time.Location) (time.Time, error) {
	const local = "20060102T150405"
	text, utc := strings.CutSuffix(value, "Z")
	wall, err := time.Parse(local, text)
	if err != nil || len(text) != len(local) {
		return time.Time{}, fmt.Errorf("%q is not a date and a time: write 20260105T083000, or 20260105T083000Z for UTC", value)
	}
	switch {
	case utc:
		own = time.UTC
	case own == zone:
		return wall, nil // as written, even if a clock change skips it
	}
	y, m, d := wall.Date()
	moment := time.Date(y, m, d, wall.Hour(), wall.Minute(), wall.Second(), 0, own).In(zone)
	return spanAt(moment).at(moment), nil
}
