package calendar

import (
	"fmt"
	"strings"
	"time"
)

// every is due each time a number of seconds has passed since a moment, so that neither a
// restart nor a second scheduler shifts its phase.
type every struct {
	seconds int64
	phase   int64 // a tick in Unix seconds, less than one interval after 1970
}

// maxEvery is a leap year.
const maxEvery = 366 * 24 * time.Hour

func parseEvery(text string) (Spec, error) {
	interval, from, phased := strings.Cut(text, " from ")
	interval = strings.TrimSpace(interval)
	d, err := time.ParseDuration(interval)
	if err != nil {
		return nil, fmt.Errorf("interval %q is not a duration: write @every 90s, @every 5m or @every 1h30m", interval)
	}
	if d < time.Second || d > maxEvery || d%time.Second != 0 {
		return nil, fmt.Errorf("interval %q: give a whole number of seconds, from 1s to %s", interval, maxEvery)
	}
	e := every{seconds: int64(d / time.Second)}
	if phased {
		start, err := readMoment(strings.TrimSpace(from))
		if err != nil {
			return nil, fmt.Errorf("from %w", err)
		}
		e.phase = floorMod(start.Unix(), e.seconds)
	}
	return e, nil
}

// Next implements [Spec].
func (e every) Next(b *Budget, after time.Time) (time.Time, error) {
	if err := b.spend(1); err != nil {
		return time.Time{}, err
	}
	passed := floorDiv(after.Unix()-e.phase, e.seconds)
	return within(time.Unix((passed+1)*e.seconds+e.phase, 0).UTC()), nil
}

// within returns a tick, or the zero time if it is in a year that cannot be written.
func within(tick time.Time) time.Time {
	if tick.Year() > lastYear {
		return time.Time{}
	}
	return tick
}
