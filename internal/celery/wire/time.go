package wire

import (
	"encoding/json"
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"
)

// layouts are the forms of ISO 8601 that Celery's producers write and its workers read.
// Fractions of a second are read with each.
var layouts = []string{
	"2006-01-02T15:04:05Z07:00", "2006-01-02T15:04:05", "2006-01-02 15:04:05Z07:00", "2006-01-02 15:04:05",
	"2006-01-02T15:04:05Z0700", "2006-01-02T15:04:05Z07:00:00", "2006-01-02T15:04Z07:00", "2006-01-02T15:04", "2006-01-02",
}

// farthest is more than any countdown or limit that somebody means: about 31 years.
const farthest = 1e9

// moment reads a time. A number is that many seconds after now. Without an offset the time
// is UTC if utc is set: otherwise it is that of a zone which the message does not name.
func moment(raw json.RawMessage, now time.Time, utc bool) (time.Time, error) {
	if len(raw) == 0 || string(raw) == "null" {
		return time.Time{}, nil
	}
	if raw[0] != '"' {
		after, err := seconds(raw)
		if err != nil {
			return time.Time{}, err
		}
		return now.Add(after).UTC().Truncate(time.Microsecond), nil
	}
	text, err := unquote(raw)
	if err != nil {
		return time.Time{}, err
	}
	for _, layout := range layouts {
		at, err := time.Parse(layout, text)
		if err != nil {
			continue
		}
		if !utc && !strings.Contains(layout, "Z07") {
			return time.Time{}, fmt.Errorf("is %q, without an offset, and the message says that it is not UTC: set enable_utc in the producer", text)
		}
		// The first year would be the zero time, which is none.
		if at = at.UTC().Truncate(time.Microsecond); at.Year() < 2 || at.Year() > 9999 {
			break
		}
		return at, nil
	}
	return time.Time{}, fmt.Errorf("is %s: send a time as 2030-01-02T03:04:05+00:00", show(raw))
}

// seconds reads a number of seconds, to the millisecond. What is not 0 does not become 0.
func seconds(raw json.RawMessage) (time.Duration, error) {
	n, err := strconv.ParseFloat(string(raw), 64)
	if err != nil || math.IsNaN(n) || math.Abs(n) > farthest {
		return 0, fmt.Errorf("is %s: send seconds, at most %.0f", show(raw), float64(farthest))
	}
	d := time.Duration(math.Round(n*1000)) * time.Millisecond
	if d == 0 && n > 0 {
		d = time.Millisecond
	}
	return d, nil
}

// limit reads a time limit: null and 0 both are none.
func limit(raw json.RawMessage) (time.Duration, error) {
	if len(raw) == 0 || string(raw) == "null" {
		return 0, nil
	}
	d, err := seconds(raw)
	if err == nil && d < 0 {
		err = fmt.Errorf("is %s: send a positive number of seconds, or null for none", show(raw))
	}
	return d, err
}

// isoformat writes at as Python does in UTC: with microseconds only if there are any.
func isoformat(at time.Time) string {
	at = at.UTC().Truncate(time.Microsecond)
	if at.Nanosecond() == 0 {
		return at.Format("2006-01-02T15:04:05")
	}
	return at.Format("2006-01-02T15:04:05.000000")
}
