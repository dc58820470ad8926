package calendar

import (
	"fmt"
	"time"
)

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

// Next implements [Spec].
func (e every) Next(after time.Time) time.Time {
	past := after.Unix() % e.seconds
	if past < 0 { // before 1970
		past += e.seconds
	}
	return time.Unix(after.Unix()-past+e.seconds, 0).UTC()
}
