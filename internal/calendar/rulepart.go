package calendar

import (
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/teambition/rrule-go"
)

// Bounds of a rule. Those of RFC 5545 are in [rulePart].
const (
	maxCount    = 1000
	maxInterval = 1000
	maxTimes    = 96 // a period's times of day: every quarter of an hour
)

// rulePart is a list of numbers in an RRULE.
type rulePart struct {
	lowest, highest int
	fromEnd         bool // it may be negative: counted from the end
	list            func(*rrule.ROption) *[]int
}

var ruleParts = map[string]rulePart{
	"BYMONTH":    {1, 12, false, func(o *rrule.ROption) *[]int { return &o.Bymonth }},
	"BYMONTHDAY": {1, 31, true, func(o *rrule.ROption) *[]int { return &o.Bymonthday }},
	"BYYEARDAY":  {1, 366, true, func(o *rrule.ROption) *[]int { return &o.Byyearday }},
	// The library misjudges the weeks at the far end of the year.
	"BYWEEKNO": {1, 51, true, func(o *rrule.ROption) *[]int { return &o.Byweekno }},
	"BYSETPOS": {1, 366, true, func(o *rrule.ROption) *[]int { return &o.Bysetpos }},
	"BYHOUR":   {0, 23, false, func(o *rrule.ROption) *[]int { return &o.Byhour }},
	"BYMINUTE": {0, 59, false, func(o *rrule.ROption) *[]int { return &o.Byminute }},
	"BYSECOND": {0, 59, false, func(o *rrule.ROption) *[]int { return &o.Bysecond }},
}

var frequencies = map[string]rrule.Frequency{
	"YEARLY": rrule.YEARLY, "MONTHLY": rrule.MONTHLY, "WEEKLY": rrule.WEEKLY, "DAILY": rrule.DAILY, "HOURLY": rrule.HOURLY,
}

var weekdays = map[string]rrule.Weekday{
	"MO": rrule.MO, "TU": rrule.TU, "WE": rrule.WE, "TH": rrule.TH, "FR": rrule.FR, "SA": rrule.SA, "SU": rrule.SU,
}

// readParts reads the value of an RRULE line, which starts at start on the wall clock of
// zone.
func readParts(value string, start time.Time, zone *time.Location) (recurrence, error) {
	options := rrule.ROption{Freq: -1, Dtstart: start, Interval: 1}
	seen := make(map[string]bool)
	for part := range strings.SplitSeq(value, ";") {
		name, text, _ := strings.Cut(part, "=")
		if seen[name] {
			return recurrence{}, fmt.Errorf("%s is given twice: join its values with commas", name)
		}
		seen[name] = true
		if err := readPart(&options, name, text, zone); err != nil {
			return recurrence{}, err
		}
	}
	if options.Freq < 0 {
		return recurrence{}, errors.New("FREQ is missing: give FREQ=YEARLY, MONTHLY, WEEKLY, DAILY or HOURLY")
	}
	if err := checkParts(options); err != nil {
		return recurrence{}, err
	}
	return newRecurrence(options)
}

func readPart(o *rrule.ROption, name, text string, zone *time.Location) (err error) {
	switch name {
	case "FREQ":
		o.Freq, err = readFrequency(text)
	case "INTERVAL":
		o.Interval, err = readNumber(name, text, 1, maxInterval, false)
	case "COUNT":
		o.Count, err = readNumber(name, text, 1, maxCount, false)
	case "UNTIL":
		if o.Until, err = readWall(text, zone, zone); err != nil {
			err = fmt.Errorf("UNTIL %w", err)
		}
	case "WKST":
		var known bool
		if o.Wkst, known = weekdays[text]; !known {
			err = fmt.Errorf("WKST %q is not a day: use MO, TU, WE, TH, FR, SA or SU", text)
		}
	case "BYDAY":
		o.Byweekday, err = readWeekdays(text)
	default:
		part, known := ruleParts[name]
		if !known {
			return fmt.Errorf("%q is not a part of a rule: use FREQ, INTERVAL, COUNT, UNTIL, WKST, BYDAY, BYMONTH, BYMONTHDAY, BYYEARDAY, BYWEEKNO, BYSETPOS, BYHOUR, BYMINUTE and BYSECOND", name)
		}
		*part.list(o), err = part.read(name, text)
	}
	return err
}

func readFrequency(text string) (rrule.Frequency, error) {
	if text == "MINUTELY" || text == "SECONDLY" {
		return 0, fmt.Errorf("FREQ %q is not offered: use @every 5m or a cron spec such as */5 * * * *", text)
	}
	frequency, known := frequencies[text]
	if !known {
		return 0, fmt.Errorf("FREQ %q is not known: use YEARLY, MONTHLY, WEEKLY, DAILY or HOURLY", text)
	}
	return frequency, nil
}

// read returns the numbers of a list, in order and each once: the library would count a
// time given twice as two.
func (p rulePart) read(name, text string) ([]int, error) {
	var numbers []int
	for item := range strings.SplitSeq(text, ",") {
		n, err := readNumber(name, item, p.lowest, p.highest, p.fromEnd)
		if err != nil {
			return nil, err
		}
		numbers = append(numbers, n)
	}
	slices.Sort(numbers)
	return slices.Compact(numbers), nil
}

func readNumber(name, text string, lowest, highest int, fromEnd bool) (int, error) {
	n, err := strconv.Atoi(text)
	size := n
	if fromEnd {
		size = max(n, -n)
	}
	if err == nil && lowest <= size && size <= highest {
		return n, nil
	}
	remedy := fmt.Sprintf("give a number from %d to %d", lowest, highest)
	if fromEnd {
		remedy += fmt.Sprintf(", or from %d to %d to count from the end", -highest, -lowest)
	}
	return 0, fmt.Errorf("%s %q is not valid: %s", name, text, remedy)
}

var weekdayPattern = regexp.MustCompile(`^([+-]?[0-9]{1,2})?(MO|TU|WE|TH|FR|SA|SU)$`)

func readWeekdays(text string) ([]rrule.Weekday, error) {
	var days []rrule.Weekday
	for item := range strings.SplitSeq(text, ",") {
		match := weekdayPattern.FindStringSubmatch(item)
		if match == nil {
			return nil, fmt.Errorf("BYDAY %q is not a day: use MO, TU, WE, TH, FR, SA or SU, or one of a month as in 2MO and -1FR", item)
		}
		day := weekdays[match[2]]
		if match[1] != "" {
			n, err := strconv.Atoi(match[1])
			if err != nil || n == 0 {
				return nil, fmt.Errorf("BYDAY %q is not a day: count from 1, or from -1 for the last", item)
			}
			day = day.Nth(n)
		}
		days = append(days, day)
	}
	return days, nil
}
