package calendar

import "time"

// wallSpec is a spec whose ticks are times on the clock on the wall of a zone. What it is
// made of only ever sees that clock as if it were UTC, where no clock changes, and the
// rules of [Parse] about changes are kept here, span by span.
type wallSpec struct {
	wall      Spec // on the wall clock, as if it were UTC
	everyHour bool // it keeps its pace through clock changes
	zone      *time.Location
}

// farAhead exceeds the difference of any two wall clocks, and the longest gap there
// was: a whole day, where the date line moved.
const farAhead = 48 * time.Hour

// Next implements [Spec].
func (w wallSpec) Next(b *Budget, after time.Time) (time.Time, error) {
	for from := after.In(w.zone); ; {
		if err := b.spend(1); err != nil {
			return time.Time{}, err
		}
		s := spanAt(from)
		tick, wall, err := w.nextIn(b, s, after)
		if err != nil || !tick.IsZero() {
			return within(tick), err
		}
		// The span that holds after is not the last to look at: what its end repeats may
		// be due although the wall clock stood there before.
		looked := s.start.After(after)
		if s.end.IsZero() || looked && wall.IsZero() {
			return time.Time{}, nil
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
func (w wallSpec) nextIn(b *Budget, s span, after time.Time) (tick, wall time.Time, err error) {
	floor := s.at(after)
	if s.start.After(after) {
		floor = s.at(s.start).Add(-time.Second)
		missed, err := w.fellIntoGap(b, s)
		if err != nil || missed {
			return s.start.UTC(), time.Time{}, err
		}
	}
	if s.shift < 0 && !w.everyHour {
		repeated := s.at(s.start).Add(-s.shift - time.Second)
		if repeated.After(floor) {
			floor = repeated
		}
	}
	wall, err = w.wall.Next(b, floor)
	if err != nil || wall.IsZero() || (!s.end.IsZero() && !wall.Before(s.at(s.end))) {
		return time.Time{}, wall, err
	}
	return wall.Add(-s.offset), time.Time{}, nil
}

// fellIntoGap reports whether a tick in the gap before s is to be made up for at its end.
// A spec that keeps its pace has none after a gap of whole hours: the minute hand did not
// jump.
func (w wallSpec) fellIntoGap(b *Budget, s span) (bool, error) {
	if s.shift <= 0 || w.everyHour && s.shift%time.Hour == 0 {
		return false, nil
	}
	gap := s.at(s.start).Add(-s.shift)
	tick, err := w.wall.Next(b, gap.Add(-time.Second))
	return !tick.IsZero() && tick.Before(s.at(s.start)), err
}
