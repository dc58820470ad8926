package calendar

import (
	"fmt"
	"time"
)

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
	if at.Year() > lastRuleYear {
		return nil, fmt.Errorf("time %q is too far away: give a year until %d", text, lastRuleYear)
	}
	return once{at}, nil
}

// Next implements [Spec].
func (o once) Next(after time.Time) time.Time {
	if o.at.After(after) {
		return o.at
	}
	return time.Time{}
}
