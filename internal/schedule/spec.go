package schedule

import (
	"errors"
	"fmt"
	"strings"
	"time"
)

// maxSpec bounds a spec in bytes.
const maxSpec = 256

// Spec says when an entry is due. It does not change and is safe for concurrent use.
type Spec interface {
	// Next returns the first tick strictly after a moment, a whole second, or the zero
	// time if there is none.
	Next(after time.Time) time.Time
}

// ParseSpec reads a spec whose times of day are those of zone; nil is UTC. The forms are
//
//	30 8 * * MON-FRI           cron: minute, hour, day of month, month, day of week
//	15 30 8 * * *              the same with seconds first
//	@hourly @daily @weekly @monthly @yearly
//	@every 90s                 a whole number of seconds, counted from 1970-01-01T00:00:00Z
//	at 2030-06-01T09:00:00Z    once
//
// If both days of a cron spec are restricted, either suffices, as crontab(5) has it.
//
// A time of day that a clock change skips is due once, at the first instant after the
// gap, however many ticks fell into it; one that a clock change repeats is due at its
// first occurrence only. A spec whose hour is * follows the clock on the wall instead,
// so that it keeps its pace through both.
//
// A spec that can never be due is an error, except that an at in the past is not: Next
// says so.
func ParseSpec(spec string, zone *time.Location) (Spec, error) {
	if zone == nil {
		zone = time.UTC
	}
	if len(spec) > maxSpec {
		return nil, fmt.Errorf("spec %.20q… has %d bytes: at most %d are allowed", spec, len(spec), maxSpec)
	}
	form, rest, _ := strings.Cut(strings.TrimSpace(spec), " ")
	var parsed Spec
	var err error
	switch {
	case form == "":
		err = errors.New("it is empty: give a cron spec such as 30 8 * * *, @every 5m, or at 2030-06-01T09:00:00Z")
	case form == "at":
		parsed, err = parseOnce(strings.TrimSpace(rest))
	case form == "@every":
		parsed, err = parseEvery(strings.TrimSpace(rest))
	case strings.HasPrefix(form, "@"):
		parsed, err = parseShorthand(strings.TrimSpace(spec), zone)
	default:
		parsed, err = parseCron(strings.Fields(spec), zone)
	}
	if err != nil {
		return nil, fmt.Errorf("spec %q: %w", spec, err)
	}
	return parsed, nil
}

// once is due at one moment.
type once struct{ at time.Time }

func parseOnce(text string) (Spec, error) {
	at, err := time.Parse(time.RFC3339, text)
	if err != nil {
		return nil, fmt.Errorf("time %q is not RFC 3339: write at 2030-06-01T09:00:00Z or at 2030-06-01T09:00:00+02:00", text)
	}
	if at.Nanosecond() != 0 {
		return nil, fmt.Errorf("time %q has a fraction: give whole seconds", text)
	}
	return once{at}, nil
}

func (o once) Next(after time.Time) time.Time {
	if o.at.After(after) {
		return o.at
	}
	return time.Time{}
}

// every is due each time a number of seconds has passed since 1970, so that neither a
// restart nor a second scheduler shifts its phase.
type every struct{ seconds int64 }

// maxEvery is a leap year.
const maxEvery = 366 * 24 * time.Hour

func parseEvery(text string) (Spec, error) {
	d, err := time.ParseDuration(text)
	if err != nil {
		return nil, fmt.Errorf("interval %q is not a duration: write @every 90s, @every 5m or @every 1h30m", text)
	}
	if d < time.Second || d > maxEvery || d%time.Second != 0 {
		return nil, fmt.Errorf("interval %q: give a whole number of seconds, from 1s to %s", text, maxEvery)
	}
	return every{int64(d / time.Second)}, nil
}

func (e every) Next(after time.Time) time.Time {
	past := after.Unix() % e.seconds
	if past < 0 { // before 1970
		past += e.seconds
	}
	return time.Unix(after.Unix()-past+e.seconds, 0).UTC()
}
