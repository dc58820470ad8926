package calendar

import (
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Bounds of a rule. Those of RFC 5545 are in [rulePart].
const (
	maxCount      = 1000
	maxInterval   = 1000
	maxTimes      = 96 // a period's times of day: every quarter of an hour
	lastCountYear = lastRuleYear + 100
)

// rulePart is a list of numbers in an RRULE.
type rulePart struct {
	lowest, highest int
	fromEnd         bool // it may be negative: counted from the end
	keep            func(*recurrence, []int)
}

var ruleParts = map[string]rulePart{
	"BYMONTH":    {1, 12, false, func(r *recurrence, n []int) { r.months = setOf(n) }},
	"BYMONTHDAY": {1, 31, true, func(r *recurrence, n []int) { r.monthDays = n }},
	"BYYEARDAY":  {1, 366, true, func(r *recurrence, n []int) { r.yearDays = n }},
	"BYWEEKNO":   {1, 53, true, func(r *recurrence, n []int) { r.weekNumbers = n }},
	"BYSETPOS":   {1, 366, true, func(r *recurrence, n []int) { r.positions = n }},
	"BYHOUR":     {0, 23, false, func(r *recurrence, n []int) { r.hours = setOf(n) }},
	"BYMINUTE":   {0, 59, false, func(r *recurrence, n []int) { r.minutes = setOf(n) }},
	"BYSECOND":   {0, 59, false, func(r *recurrence, n []int) { r.seconds = setOf(n) }},
}

var frequencies = map[string]frequency{
	"YEARLY": yearly, "MONTHLY": monthly, "WEEKLY": weekly, "DAILY": daily, "HOURLY": hourly, "MINUTELY": minutely, "SECONDLY": secondly,
}

var weekdays = map[string]time.Weekday{
	"MO": time.Monday, "TU": time.Tuesday, "WE": time.Wednesday, "TH": time.Thursday, "FR": time.Friday, "SA": time.Saturday, "SU": time.Sunday,
}

// setOf returns a set of numbers below 64.
func setOf(numbers []int) (set uint64) {
	for _, n := range numbers {
		set |= 1 << n
	}
	return set
}

// readParts reads the value of an RRULE line, which starts at start on the wall clock of
// zone.
func readParts(value string, start time.Time, zone *time.Location) (recurrence, error) {
	r := recurrence{start: start, interval: 1, weekStart: time.Monday}
	seen := make(map[string]bool)
	for part := range strings.SplitSeq(strings.TrimSuffix(value, ";"), ";") {
		name, text, _ := strings.Cut(part, "=")
		if seen[name] {
			return r, fmt.Errorf("%s is given twice: join its values with commas", name)
		}
		seen[name] = true
		if err := r.readPart(name, text, zone); err != nil {
			return r, err
		}
	}
	if r.frequency == 0 {
		return r, fmt.Errorf("FREQ is missing: give FREQ=%s", frequencyNames)
	}
	if err := r.checkParts(); err != nil {
		return r, err
	}
	r.derive()
	return r, r.checkWork()
}

const frequencyNames = "YEARLY, MONTHLY, WEEKLY, DAILY, HOURLY, MINUTELY or SECONDLY"

func (r *recurrence) readPart(name, text string, zone *time.Location) (err error) {
	var known bool
	switch name {
	case "FREQ":
		if r.frequency, known = frequencies[text]; !known {
			err = fmt.Errorf("FREQ %q is not known: use %s", text, frequencyNames)
		}
	case "INTERVAL":
		r.interval, err = readNumber(name, text, 1, maxInterval, false)
	case "COUNT":
		r.count, err = readNumber(name, text, 1, maxCount, false)
	case "UNTIL":
		if r.until, err = readWall(text, zone, zone); err != nil {
			err = fmt.Errorf("UNTIL %w", err)
		}
	case "WKST":
		if r.weekStart, known = weekdays[text]; !known {
			err = fmt.Errorf("WKST %q is not a day: use MO, TU, WE, TH, FR, SA or SU", text)
		}
	case "BYDAY":
		err = r.readWeekdays(text)
	default:
		part, known := ruleParts[name]
		if !known {
			return fmt.Errorf("%q is not a part of a rule: use FREQ, INTERVAL, COUNT, UNTIL, WKST, BYDAY, BYMONTH, BYMONTHDAY, BYYEARDAY, BYWEEKNO, BYSETPOS, BYHOUR, BYMINUTE and BYSECOND", name)
		}
		var numbers []int
		numbers, err = part.read(name, text)
		part.keep(r, numbers)
	}
	return err
}

// read returns the numbers of a list, in order and each once.
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

func (r *recurrence) readWeekdays(text string) error {
	for item := range strings.SplitSeq(text, ",") {
		match := weekdayPattern.FindStringSubmatch(item)
		if match == nil {
			return fmt.Errorf("BYDAY %q is not a day: use MO, TU, WE, TH, FR, SA or SU, or one of a month as in 2MO and -1FR", item)
		}
		day := weekdays[match[2]]
		if match[1] == "" {
			r.weekdays |= 1 << day
			continue
		}
		n, err := strconv.Atoi(match[1])
		if err != nil || n == 0 {
			return fmt.Errorf("BYDAY %q is not a day: count from 1, or from -1 for the last", item)
		}
		r.nth = append(r.nth, nthWeekday{day, n})
	}
	return nil
}

// derive fills in what RFC 5545 derives from DTSTART where no part says it, and the times
// of a period.
func (r *recurrence) derive() {
	if len(r.monthDays)+len(r.yearDays)+len(r.weekNumbers)+len(r.nth) == 0 && r.weekdays == 0 {
		switch r.frequency {
		case yearly:
			r.monthDays = []int{r.start.Day()}
			if r.months == 0 {
				r.months = 1 << r.start.Month()
			}
		case monthly:
			r.monthDays = []int{r.start.Day()}
		case weekly:
			r.weekdays = 1 << r.start.Weekday()
		}
	}
	if r.hours == 0 && r.frequency < hourly {
		r.hours = 1 << r.start.Hour()
	}
	if r.minutes == 0 && r.frequency < minutely {
		r.minutes = 1 << r.start.Minute()
	}
	if r.seconds == 0 && r.frequency < secondly {
		r.seconds = 1 << r.start.Second()
	}
	r.times = r.timesOfPeriod()
	if r.frequency >= daily && len(r.positions) > 0 {
		var some []int
		for _, place := range picked(r.positions, len(r.times)) {
			some = append(some, r.times[place])
		}
		r.times, r.positions = some, nil
	}
}

// timesOfPeriod returns the times of a day, or of a shorter period, in seconds from its
// start. [recurrence.checkParts] has bounded them.
func (r *recurrence) timesOfPeriod() []int {
	hours, minutes, seconds := r.hours, r.minutes, r.seconds
	if r.frequency >= hourly {
		hours = 1
	}
	if r.frequency >= minutely {
		minutes = 1
	}
	if r.frequency == secondly {
		seconds = 1
	}
	var times []int
	for h, ok := firstFrom(hours, 0); ok; h, ok = firstFrom(hours, h+1) {
		for m, ok := firstFrom(minutes, 0); ok; m, ok = firstFrom(minutes, m+1) {
			for s, ok := firstFrom(seconds, 0); ok; s, ok = firstFrom(seconds, s+1) {
				times = append(times, h*3600+m*60+s)
			}
		}
	}
	return times
}
