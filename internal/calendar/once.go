package calendar

import (
	"fmt"
	"time"
)

// once is due at one moment.
type once struct{ at time.Time }

func parseOnce(text string) (Spec, error) {
	at, err := readMoment(text)
	if err != nil {
		return nil, err
	}
	return once{at}, nil
}

// readMoment reads a moment of RFC 3339 that is a whole second.
func readMoment(text string) (time.Time, error) {
	at, err := time.Parse(time.RFC3339, text)
	if err != nil {
		return at, fmt.Errorf("time %q is not RFC 3339: write 2030-06-01T09:00:00Z or 2030-06-01T09:00:00+02:00", text)
	}
	if at.Nanosecond() != 0 {
		return at, fmt.Errorf("time %q has a fraction: give whole seconds", text)
	}
	if at.Year() > lastRuleYear {
		return at, fmt.Errorf("time %q is too far away: give a year until %d", text, lastRuleYear)
	}
	return at, nil
}

// Next implements [Spec].
func (o once) Next(b *Budget, after time.Time) (time.Time, error) {
	if err := b.spend(1); err != nil {
		return time.Time{}, err
	}
	if o.at.After(after) {
		return o.at, nil
	}
	return time.Time{}, nil
}
