package calendar

import "time"

// span is a time in which a zone's clock does not change. A zero start or end is
// unbounded.
type span struct {
	start, end time.Time
	offset     time.Duration // wall clock minus UTC
	shift      time.Duration // how far the wall clock jumped at start, forward if positive
}

// spanAt returns a span that holds t: from one clock change to the next, or a part of
// that. It ends after t whatever the library says. [time.Time.ZoneBounds] takes each year
// beyond a zone's table for one of 365 days, so that on 31 December of a leap year it
// names an end that is not after t. The clock's offset that day is right all the same, and
// a span that ends without a change does no harm.
func spanAt(t time.Time) span {
	start, end := t.ZoneBounds()
	s := span{start: start, end: end, offset: offsetAt(t)}
	if !end.IsZero() && !end.After(t) {
		s.end = t.Add(secondsPerDay * time.Second)
		if offsetAt(s.end) != s.offset {
			s.end = changeBetween(t, s.end)
		}
	}
	if start.After(t) {
		s.start = t
	}
	if !s.start.IsZero() {
		s.shift = s.offset - offsetAt(s.start.Add(-time.Second))
	}
	return s
}

func offsetAt(t time.Time) time.Duration {
	_, seconds := t.Zone()
	return time.Duration(seconds) * time.Second
}

// changeBetween returns the first second of the offset that a clock has at the later of
// two times, within which it changes once.
func changeBetween(from, to time.Time) time.Time {
	before := offsetAt(from)
	for to.Sub(from) > time.Second {
		middle := from.Add(to.Sub(from) / 2)
		if offsetAt(middle) == before {
			from = middle
		} else {
			to = middle
		}
	}
	return to.Truncate(time.Second)
}

// at returns what the wall clock shows at t, as if it were UTC.
func (s span) at(t time.Time) time.Time { return t.UTC().Add(s.offset) }
