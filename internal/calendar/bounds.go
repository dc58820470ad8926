package calendar

import "time"

// Between returns spec without its ticks before start, and at or after end. Either may be
// zero: unbounded.
func Between(spec Spec, start, end time.Time) Spec {
	if start.IsZero() && end.IsZero() {
		return spec
	}
	return bounded{spec, start, end}
}

type bounded struct {
	spec       Spec
	start, end time.Time
}

// Next implements [Spec].
func (b bounded) Next(budget *Budget, after time.Time) (time.Time, error) {
	if !b.start.IsZero() && after.Before(b.start) {
		after = b.start.Add(-1)
	}
	next, err := b.spec.Next(budget, after)
	if !b.end.IsZero() && !next.Before(b.end) {
		return time.Time{}, err
	}
	return next, err
}
