package calendar

import "time"

// wallSpec is a spec whose ticks are times on the clock on the wall of a zone. Libraries
// disagree on what a clock change does to a tick, so they only ever see that clock as if
// it were UTC, where no clock changes, and the rules of [ParseSpec] are kept here, span
// by span.
type wallSpec struct {
	wall      Spec // on the wall clock, as if it were UTC
	everyHour bool // it keeps its pace through clock changes
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
func (w wallSpec) Next(after time.Time) time.Time {
	for from := after.In(w.zone); ; {
		s := spanAt(from)
		tick, wall := w.nextIn(s, after)
		if !tick.IsZero() {
			return tick
		}
		// The span that holds after is not the last to look at: what its end repeats may
		// be due although the wall clock stood there before.
		looked := s.start.After(after)
		if s.end.IsZero() || looked && wall.IsZero() {
			return time.Time{}
		}
		from = s.end
		// A rare tick may be years of clock changes away.
		if far := wall.Add(-farAhead); looked && far.After(from) {
			from = far.In(w.zone)
		}
	}
}

// nextIn returns the first tick after a moment that lies in s. If there is none it
// returns instead where the wall clock stands at the next tick, zero if there is no next.
func (w wallSpec) nextIn(s span, after time.Time) (tick, wall time.Time) {
	floor := s.at(after)
	if s.start.After(after) {
		floor = s.at(s.start).Add(-time.Second)
		if w.fellIntoGap(s) {
			return s.start.UTC(), time.Time{}
		}
	}
	if s.shift < 0 && !w.everyHour {
		repeated := s.at(s.start).Add(-s.shift - time.Second)
		if repeated.After(floor) {
			floor = repeated
		}
	}
	wall = w.wall.Next(floor)
	if wall.IsZero() || (!s.end.IsZero() && !wall.Before(s.at(s.end))) {
		return time.Time{}, wall
	}
	return wall.Add(-s.offset), time.Time{}
}

// fellIntoGap reports whether a tick in the gap before s is to be made up for at its end.
// A spec that keeps its pace has none after a gap of whole hours: the minute hand did not
// jump.
func (w wallSpec) fellIntoGap(s span) bool {
	if s.shift <= 0 || w.everyHour && s.shift%time.Hour == 0 {
		return false
	}
	gap := s.at(s.start).Add(-s.shift)
	tick := w.wall.Next(gap.Add(-time.Second))
	return !tick.IsZero() && tick.Before(s.at(s.start))
}
