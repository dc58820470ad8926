package redbeat

import (
	"encoding/json"
	"fmt"
	"math"
	"strings"
	"time"
)

// maxInterval is the longest there is: a leap year.
const maxInterval = 366 * 24 * time.Hour

// interval is the schedule that an interval becomes.
type interval struct {
	spec  string
	start time.Time // no tick before this; zero for none
}

// readInterval returns the schedule of an interval whose last run was at last, zero if it
// never ran. changed is told what is different from RedBeat's.
//
// RedBeat counts from one run to the next, so that its interval drifts by the delay of each
// run. Counting from the last run goes on where it stopped, and stays there.
func readInterval(o object, last time.Time, zone *time.Location, changed func(string, ...any)) (interval, error) {
	if err := o.only("__type__", "every", "relative"); err != nil {
		return interval{}, fmt.Errorf("interval: %w", err)
	}
	relative, err := o.flag("relative", false)
	if err != nil {
		return interval{}, fmt.Errorf("interval: %w", err)
	}
	number, _ := o["every"].(json.Number)
	seconds, err := number.Float64()
	if err != nil || seconds < 1 || seconds > maxInterval.Seconds() {
		return interval{}, fmt.Errorf("interval: every is %s: it has to be a number of seconds, from 1 to %d", o.show("every"), int(maxInterval.Seconds()))
	}
	every := time.Duration(math.Round(seconds*1e6)) * time.Microsecond
	if relative {
		return alignedInterval(every, last.In(zone), changed), nil
	}
	whole := every.Round(time.Second)
	if whole != every {
		changed("interval of %s: it becomes %s, for ticks are whole seconds", short(every), short(whole))
	}
	return interval{spec: everySpec(whole, last)}, nil
}

// everySpec is due at steps of an interval before and after a moment, or from 1970 on if
// that is zero.
func everySpec(every time.Duration, from time.Time) string {
	if from.IsZero() {
		return "@every " + short(every)
	}
	return "@every " + short(every) + " from " + from.UTC().Truncate(time.Second).Format(time.RFC3339)
}

// alignedInterval is an interval that Celery calls relative. It cuts the end of each
// interval down to a whole day, hour, minute or second of the clock on the wall, whichever
// is the largest that the interval holds. Since each run starts the next interval, what is
// cut off is lost each time: one of 90 minutes ends each hour.
func alignedInterval(every time.Duration, last time.Time, changed func(string, ...any)) interval {
	unit := time.Second
	for _, longer := range []time.Duration{time.Minute, time.Hour, 24 * time.Hour} {
		if every >= longer {
			unit = longer
		}
	}
	whole := every.Truncate(unit)
	if whole != every {
		changed("interval of %s, relative: RedBeat cuts it to %s each time, so it is every %s", short(every), short(whole), short(whole))
	}
	if last.IsZero() {
		return interval{spec: everySpec(whole, last)}
	}
	end := last.Add(every)
	y, m, d := end.Date()
	midnight := time.Date(y, m, d, 0, 0, 0, 0, last.Location())
	if unit == 24*time.Hour {
		spec := "DTSTART:" + midnight.Format(ruleTime) + " RRULE:FREQ=DAILY"
		if days := int(whole / unit); days > 1 {
			spec += fmt.Sprintf(";INTERVAL=%d", days)
		}
		return interval{spec: spec}
	}
	// Cut on the wall: hours may start at half past in UTC.
	_, offset := end.Zone()
	wall := end.UTC().Add(time.Duration(offset) * time.Second)
	first := end.Add(-wall.Sub(wall.Truncate(unit)))
	found := interval{spec: everySpec(whole, first)}
	if first.Add(-whole).After(last) {
		found.start = first.UTC() // the first interval is longer than those that follow
	}
	return found
}

// short spells a duration without the units that are zero: 15m, and not 15m0s.
func short(d time.Duration) string {
	text := d.String()
	if strings.HasSuffix(text, "m0s") {
		text = strings.TrimSuffix(text, "0s")
	}
	if strings.HasSuffix(text, "h0m") {
		text = strings.TrimSuffix(text, "0m")
	}
	return text
}
