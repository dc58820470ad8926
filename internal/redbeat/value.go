package redbeat

import (
	"encoding/json"
	"fmt"
	"math"
	"strconv"
	"time"

	"switchyard/internal/calendar"
)

// plain returns an argument of a task as JSON without RedBeat's marks: a datetime becomes a
// text in RFC 3339, and a schedule cannot become anything. path names the argument, and
// changed is told of each datetime.
func plain(path string, value any, changed func(string, ...any)) (any, error) {
	switch v := value.(type) {
	case map[string]any:
		return plainObject(path, v, changed)
	case []any:
		items := make([]any, len(v))
		for i, item := range v {
			var err error
			if items[i], err = plain(path+"["+strconv.Itoa(i)+"]", item, changed); err != nil {
				return nil, err
			}
		}
		return items, nil
	}
	return value, nil
}

func plainObject(path string, o object, changed func(string, ...any)) (any, error) {
	switch o.kind() {
	case "datetime":
		at, err := readTime(o)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", path, err)
		}
		if _, offset := at.Zone(); offset%60 != 0 {
			at = at.UTC() // RFC 3339 has no seconds in its offsets
		}
		text := at.Format(time.RFC3339Nano)
		changed("%s is a datetime: it becomes the text %q", path, text)
		return text, nil
	case "interval", "crontab", "weekday", "rrule":
		return nil, fmt.Errorf("%s is a %s, which JSON cannot say: pass what the task needs of it as a text or a number", path, o.kind())
	}
	members := make(map[string]any, len(o))
	for _, name := range o.names() {
		var err error
		if members[name], err = plain(path+"."+name, o[name], changed); err != nil {
			return nil, err
		}
	}
	return members, nil
}

// readTime returns the moment that an object RedBeat marked as a datetime is, in its own
// zone or at its own offset.
func readTime(o object) (time.Time, error) {
	if o.kind() != "datetime" {
		return time.Time{}, fmt.Errorf("%s is not a datetime of RedBeat's", show(map[string]any(o)))
	}
	if err := o.only("__type__", "year", "month", "day", "hour", "minute", "second", "microsecond", "timezone"); err != nil {
		return time.Time{}, fmt.Errorf("datetime: %w", err)
	}
	var parts [7]int
	for i, name := range []string{"year", "month", "day", "hour", "minute", "second", "microsecond"} {
		n, ok := whole(o[name])
		if _, there := o[name]; !ok && (there || i < 3) {
			return time.Time{}, fmt.Errorf("datetime: %s is %s: it has to be a whole number", name, o.show(name))
		}
		parts[i] = n
	}
	zone, err := readZone(o)
	if err != nil {
		return time.Time{}, fmt.Errorf("datetime: %w", err)
	}
	year, month, day, hour, minute, second, micro := parts[0], time.Month(parts[1]), parts[2], parts[3], parts[4], parts[5], parts[6]
	if year < 1 || year > 9999 || month < 1 || month > 12 || micro < 0 || micro > 999_999 {
		return time.Time{}, fmt.Errorf("%s is no date and time", show(map[string]any(o)))
	}
	// In UTC nothing is skipped: what moves there does not exist.
	at := time.Date(year, month, day, hour, minute, second, 0, time.UTC)
	if y, m, d := at.Date(); y != year || m != month || d != day || at.Hour() != hour || at.Minute() != minute || at.Second() != second {
		return time.Time{}, fmt.Errorf("%s is no date and time", show(map[string]any(o)))
	}
	return time.Date(year, month, day, hour, minute, second, micro*1000, zone), nil
}

// readZone returns where a datetime is: an offset from UTC in seconds, or a zone by its
// name. Without either it is in UTC.
func readZone(o object) (*time.Location, error) {
	switch zone := o["timezone"].(type) {
	case string:
		return calendar.LoadZone(zone)
	case json.Number:
		seconds, err := zone.Float64()
		if err == nil && math.Abs(seconds) < 24*60*60 && seconds == math.Trunc(seconds) {
			return time.FixedZone("", int(seconds)), nil
		}
	case nil:
		if _, there := o["timezone"]; !there {
			return time.UTC, nil
		}
	}
	return nil, fmt.Errorf("timezone is %s: it has to be the name of a zone, or the seconds it is ahead of UTC", o.show("timezone"))
}
