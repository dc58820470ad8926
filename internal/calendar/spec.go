package calendar

import (
	"errors"
	"fmt"
	"strings"
	"time"

	lru "github.com/hashicorp/golang-lru/v2"
)

// A spec is at most so many bytes long. A rule may list dates.
const (
	maxSpec     = 256
	maxRuleSpec = 4096
)

// Spec says when something is due. It does not change and is safe for concurrent use.
type Spec interface {
	// Next returns the first tick strictly after a moment, a whole second, or the zero
	// time if there is none. It fails with [ErrTooMuchWork] once the budget is spent, and
	// with the error of the budget's context.
	Next(b *Budget, after time.Time) (time.Time, error)
}

// Options say how a spec is read.
type Options struct {
	Zone *time.Location // whose clock shows the times of day; nil: UTC
	Cron Dialect        // how the two days of a cron spec go together; "": [Crontab]
}

// specKey is what a parsed spec depends on. Zones are told apart by identity: two of one
// name need not be the same, and [LoadZone] returns the same one each time.
type specKey struct {
	text    string
	options Options
}

// recent holds the specs used of late: thousands of entries that are due together mostly
// share a few.
var recent = newSpecCache(4096)

func newSpecCache(size int) *lru.Cache[specKey, Spec] {
	cache, err := lru.New[specKey, Spec](size)
	if err != nil {
		panic(err) // the size is not positive
	}
	return cache
}

// Parse reads a spec. The forms are
//
//	30 8 * * MON-FRI           cron: minute, hour, day of month, month, day of week
//	15 30 8 * * *              the same with seconds first
//	0 9 LW * *                 the last working day of the month; also L, L-3 and 15W
//	0 9 * * FRI#3              the third Friday of the month; FRI#L or FRIL is the last
//	@hourly @daily @midnight @weekly @monthly @yearly @annually
//	@every 90s                 a whole number of seconds, counted from 1970-01-01T00:00:00Z
//	@every 15m from 2026-11-25T10:07:30Z   the same, counted from that moment
//	at 2030-06-01T09:00:00Z    once
//	@sunset 52.52 13.405       an event of the sun at a latitude and a longitude
//	DTSTART:20260105T083000 RRULE:FREQ=WEEKLY;BYDAY=MO,WE;COUNT=10
//
// Names of months and days may be in any case, full or cut off after three letters.
// Ranges may run across the end, as FRI-MON does.
//
// The events of the sun are dawn_astronomical, dawn_nautical, dawn_civil, sunrise,
// solar_noon, sunset, dusk_civil, dusk_nautical and dusk_astronomical. Days without the
// event are left out.
//
// An RRULE is one of RFC 5545, beside its DTSTART and, if need be, EXDATE and RDATE, each
// on a line of its own or separated by spaces. DTSTART is in the zone of the options unless
// it ends in Z or names another with ;TZID=, which then is the zone of the rule.
//
// If both days of a cron spec are restricted, the dialect says whether either suffices.
//
// A time of day that a clock change skips is due once, at the first instant after the
// gap, however many ticks fell into it; one that a clock change repeats is due at its
// first occurrence only. A cron spec for all 24 hours, and a rule without BYHOUR whose
// interval is an hour or less, follow the clock on the wall instead, so that they keep
// their pace through both.
//
// A spec that can never be due is an error, except that an at in the past is not: Next
// says so. So is one whose first tick takes too much work to find, an [ErrTooMuchWork].
// Parse is safe for concurrent use, and cheap for a spec read of late.
func Parse(b *Budget, spec string, o Options) (Spec, error) {
	if o.Zone == nil {
		o.Zone = time.UTC
	}
	key := specKey{spec, o}
	if known, ok := recent.Get(key); ok {
		return known, nil
	}
	parsed, err := parse(b, spec, o)
	if err != nil {
		return nil, err
	}
	recent.Add(key, parsed)
	return parsed, nil
}

func parse(b *Budget, spec string, o Options) (Spec, error) {
	text := strings.TrimSpace(spec)
	limit := maxSpec
	if isRule(text) {
		limit = maxRuleSpec
	}
	if len(spec) > limit {
		return nil, fmt.Errorf("spec %.20q… has %d bytes: at most %d are allowed", spec, len(spec), limit)
	}
	if err := CheckDialect(o.Cron); err != nil {
		return nil, err
	}
	parsed, err := parseForm(b, text, o)
	if err != nil {
		return nil, fmt.Errorf("spec %q: %w", spec, err)
	}
	return parsed, nil
}

func parseForm(b *Budget, text string, o Options) (Spec, error) {
	form, rest, _ := strings.Cut(text, " ")
	rest = strings.TrimSpace(rest)
	switch {
	case text == "":
		return nil, errors.New("it is empty: give a cron spec such as 30 8 * * *, @every 5m, or at 2030-06-01T09:00:00Z")
	case isRule(text):
		return parseRule(b, text, o.Zone)
	case form == "at":
		return parseOnce(rest)
	case form == "@every":
		return parseEvery(rest)
	case isSolar(form):
		return parseSolar(b, form, strings.Fields(rest))
	case strings.HasPrefix(form, "@"):
		return parseShorthand(b, text, o.Zone)
	}
	return parseCron(b, strings.Fields(text), o.Zone, o.Cron)
}
