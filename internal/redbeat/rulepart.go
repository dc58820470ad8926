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

// readDays returns the parts that pick days.
func readDays(o object, freq int, changed func(string, ...any)) ([]string, error) {
	parts, err := readLists(o, "bymonth", "byweekno", "byyearday", "bymonthday")
	if err != nil {
		return nil, err
	}
	days, err := readWeekdays(o["byweekday"], freq, changed)
	if err != nil {
		return nil, err
	}
	if o["byweekno"] != nil && o["byyearday"] == nil && o["bymonthday"] == nil && len(days) == 0 {
		days = weekdays // RFC 5545 would take the day of DTSTART, dateutil takes all
	}
	if len(days) > 0 {
		parts = append(parts, "BYDAY="+strings.Join(days, ","))
	}
	return parts, nil
}

// readWeekdays returns the days of the week of a rule, as BYDAY spells them.
func readWeekdays(value any, freq int, changed func(string, ...any)) ([]string, error) {
	items, err := listOf("byweekday", value)
	if err != nil {
		return nil, err
	}
	var days []string
	numbered, lost := 0, false
	for _, item := range items {
		day, n, err := readWeekday("byweekday", item)
		if err != nil {
			return nil, err
		}
		text := weekdays[day]
		if n != 0 && freq <= monthly { // dateutil does not look at it otherwise
			text = strconv.Itoa(n) + text
			numbered++
		}
		_, marked := item.(map[string]any)
		lost = lost || marked && n == 0 && freq <= monthly
		days = append(days, text)
	}
	if numbered > 0 && numbered < len(days) {
		return nil, fmt.Errorf("byweekday %s has days with a number and without: dateutil is due only on days that are both: give an entry to each", show(value))
	}
	if lost {
		changed("byweekday %s: RedBeat loses the number of a weekday, such as MO(1), and reads it back as every one: so it moves; if one was meant, put the number into BYDAY, as in 1%s", strings.Join(days, ","), days[0])
	}
	return days, nil
}

// readWeekday returns a day of the week, Monday as 0, and its number within the month or
// year, 0 for none.
func readWeekday(name string, value any) (day, n int, err error) {
	day, ok := whole(value)
	if o, marked := value.(map[string]any); marked {
		var known, numbered bool
		day, known = whole(o["wkday"])
		n, numbered = whole(o["n"])
		ok = object(o).kind() == "weekday" && known && (numbered && n != 0 || o["n"] == nil)
	}
	if !ok || day < 0 || day >= len(weekdays) {
		return 0, 0, fmt.Errorf("%s is %s: it has to be a day from 0, Monday, to 6, Sunday", name, show(value))
	}
	return day, n, nil
}

// readLists returns the parts of those names that are set, each a list of whole numbers.
func readLists(o object, names ...string) (parts []string, err error) {
	for _, name := range names {
		items, err := listOf(name, o[name])
		if err != nil {
			return nil, err
		}
		var numbers []string
		for _, item := range items {
			n, ok := whole(item)
			if !ok {
				return nil, fmt.Errorf("%s is %s: it has to be whole numbers", name, o.show(name))
			}
			numbers = append(numbers, strconv.Itoa(n))
		}
		if len(numbers) > 0 {
			parts = append(parts, strings.ToUpper(name)+"="+strings.Join(numbers, ","))
		}
	}
	return parts, nil
}

// listOf returns the items of a value that is a list or one item, none for null.
func listOf(name string, value any) ([]any, error) {
	switch v := value.(type) {
	case nil:
		return nil, nil
	case []any:
		if len(v) == 0 {
			return nil, fmt.Errorf("%s is an empty list: it has to have a value", name)
		}
		return v, nil
	}
	return []any{value}, nil
}
