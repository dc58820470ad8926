package redbeat

import (
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"
)

// The frequencies and the days of the week by dateutil's numbers, as RFC 5545 spells them.
var (
	frequencies = []string{"YEARLY", "MONTHLY", "WEEKLY", "DAILY", "HOURLY", "MINUTELY", "SECONDLY"}
	weekdays    = []string{"MO", "TU", "WE", "TH", "FR", "SA", "SU"}
)

const (
	monthly = 1
	hourly  = 4
)

// ruleMembers are the names of everything RedBeat keeps of a rule.
func ruleMembers() []string {
	return []string{
		"__type__", "freq", "dtstart", "dtstart_tz", "interval", "count", "until", "until_tz", "wkst", "bysetpos", "bymonth",
		"bymonthday", "byyearday", "byeaster", "byweekno", "byweekday", "byhour", "byminute", "bysecond",
	}
}

func readFrequency(o object) (int, error) {
	freq, ok := whole(o["freq"])
	if name, isText := o["freq"].(string); isText {
		freq, ok = slices.Index(frequencies, strings.ToUpper(name)), true
	}
	if !ok || freq < 0 || freq >= len(frequencies) {
		return 0, fmt.Errorf("freq is %s: it has to be a number from 0, yearly, to 6, secondly", o.show("freq"))
	}
	return freq, nil
}

// readStart returns the start of a rule, in seconds since 1970, at its offset in minutes.
func readStart(o object) (time.Time, error) {
	if o["dtstart"] == nil {
		return time.Time{}, errors.New("dtstart is missing: RedBeat then starts the rule anew each time it reads it: save it with one")
	}
	start, err := o.moment("dtstart")
	if err != nil {
		return time.Time{}, err
	}
	minutes := 0.0
	if value := o["dtstart_tz"]; value != nil {
		number, _ := value.(json.Number)
		minutes, err = number.Float64()
		if err != nil || math.Abs(minutes) >= 24*60 || minutes*60 != math.Trunc(minutes*60) {
			return time.Time{}, fmt.Errorf("dtstart_tz is %s: it has to be the minutes dtstart is ahead of UTC", show(value))
		}
	}
	return start.In(time.FixedZone("", int(minutes*60))), nil
}

// moment returns the moment that a member is, in seconds since 1970.
func (o object) moment(name string) (time.Time, error) {
	seconds, err := o.whole(name)
	if err != nil {
		return time.Time{}, err
	}
	at := time.Unix(int64(seconds), 0).UTC()
	if at.Year() < 1 || at.Year() > 9999 {
		return time.Time{}, fmt.Errorf("%s is %d: it has to be seconds since 1970, in a year of four digits", name, seconds)
	}
	return at, nil
}

// readEnds returns the parts that say how often and how long a rule is due, those that are
// set.
func readEnds(o object) (parts []string, err error) {
	for _, name := range []string{"interval", "count"} {
		if o[name] == nil {
			continue
		}
		n, err := o.whole(name)
		if err != nil {
			return nil, err
		}
		if name != "interval" || n != 1 {
			parts = append(parts, strings.ToUpper(name)+"="+strconv.Itoa(n))
		}
	}
	if o["until"] != nil {
		until, err := o.moment("until")
		if err != nil {
			return nil, err
		}
		parts = append(parts, "UNTIL="+until.Format(ruleTime)+"Z")
	}
	if o["wkst"] != nil {
		day, _, err := readWeekday("wkst", o["wkst"])
		if err != nil {
			return nil, err
		}
		if day != 0 { // Monday, as without it
			parts = append(parts, "WKST="+weekdays[day])
		}
	}
	return parts, nil
}
