package schedule

import (
	"time"

	"github.com/netresearch/go-cron"
)

// cronSpec is a cron spec in a zone. Cron libraries disagree on what a clock change does
// to a tick, so the library only ever sees the wall clock as if it were UTC, where no
// clock changes, and the rules of [ParseSpec] are kept here, span by span.
type cronSpec struct {
	wall      *cron.SpecSchedule
	everyHour bool // the hour is *
	zone      *time.Location
}

// span is the time from one clock change to the next. A zero start or end is unbounded.
type span struct {
	start, end time.Time
	offset     time.Duration // wall clock minus UTC
	shift      time.Duration // how far the wall clock jumped at start, forward if positive
}

func spanAt(t time.Time) span {
	start, end := t.ZoneBounds()
	_, offset := t.Zone()
	s := span{start: start, end: end, offset: time.Duration(offset) * time.Second}
	if !start.IsZero() {
		_, before := start.Add(-1).Zone()
		s.shift = s.offset - time.Duration(before)*time.Second
	}
	return s
}

// at returns what the wall clock shows at t, as if it were UTC.
func (s span) at(t time.Time) time.Time { return t.UTC().Add(s.offset) }

// farAhead exceeds the difference of any two wall clocks, and the longest gap there
// was: a whole day, where the date line moved.
const farAhead = 48 * time.Hour

// Next implements [Spec].
func (c cronSpec) Next(after time.Time) time.Time {
	for from := after.In(c.zone); ; {
		s := spanAt(from)
		tick, wall := c.nextIn(s, after)
		if !tick.IsZero() || wall.IsZero() {
			return tick
		}
		from = s.end
		// A rare tick may be years of clock changes away. The span that holds after is
		// not left this way: what its end repeats may be due and yet before wall.
		if far := wall.Add(-farAhead); s.start.After(after) && far.After(from) {
			from = far.In(c.zone)
		}
	}
}

// nextIn returns the first tick after a moment that lies in s. If there is none it
// returns instead where the wall clock stands at the next tick.
func (c cronSpec) nextIn(s span, after time.Time) (tick, wall time.Time) {
	floor := s.at(after)
	if s.start.After(after) {
		floor = s.at(s.start).Add(-time.Second)
		if c.skips(s) {
			gap := s.at(s.start).Add(-s.shift)
			if c.wall.Next(gap.Add(-time.Second)).Before(s.at(s.start)) {
				return s.start.UTC(), time.Time{}
			}
		}
	}
	if s.shift < 0 && !c.everyHour {
		repeated := s.at(s.start).Add(-s.shift - time.Second)
		if repeated.After(floor) {
			floor = repeated
		}
	}
	wall = c.wall.Next(floor)
	if wall.IsZero() || (!s.end.IsZero() && !wall.Before(s.at(s.end))) {
		return time.Time{}, wall
	}
	return wall.Add(-s.offset), time.Time{}
}

// skips reports whether ticks in the gap before s are due at its end. Those of a spec
// with hour * are not after a whole number of hours: the minute hand did not jump.
func (c cronSpec) skips(s span) bool {
	return s.shift > 0 && (!c.everyHour || s.shift%time.Hour != 0)
}
