package calendar

import (
	"cmp"
	"fmt"
	"math/bits"
	"slices"
	"strings"
	"time"
)

// ruleWords says when a rule of RFC 5545 and the lines beside it are due.
func ruleWords(text string, zone *time.Location) (string, bool) {
	lines, err := readLines(text)
	if err != nil || len(lines["RRULE"]) != 1 {
		return "", false
	}
	start, own, err := readStart(lines["DTSTART"], zone)
	if err != nil {
		return "", false
	}
	excluded, err := readDates(lines["EXDATE"], own)
	if err != nil {
		return "", false
	}
	added, err := readDates(lines["RDATE"], own)
	if err != nil {
		return "", false
	}
	rule, err := readParts(lines["RRULE"][0].value, start, own)
	if err != nil {
		return "", false
	}
	words, ok := rule.words()
	words += ", starting " + momentWords(start) + rule.endWords() + datesWords(", except at ", excluded) + datesWords(", and also at ", added.without(excluded))
	if own == time.UTC && zone != own {
		return words + ", UTC", ok
	}
	return words + zoneWords(own), ok
}

// datesWords says a date, or how many there are.
func datesWords(before string, d dates) string {
	switch len(d) {
	case 0:
		return ""
	case 1:
		return before + momentWords(time.Unix(d[0], 0).UTC())
	}
	return fmt.Sprintf("%s%d other times", before, len(d))
}

// periods are what the periods of a rule are called.
var periods = [...]string{yearly: "year", monthly: "month", weekly: "week", daily: "day", hourly: "hour", minutely: "minute", secondly: "second"}

// words says what the parts of a rule say, but for its start and its end.
func (r recurrence) words() (words string, ok bool) {
	period := periods[r.frequency]
	words = "every " + strings.TrimPrefix(counted(r.interval, period), "1 ")
	days, limits, ok := r.daysOf()
	at, said := r.timesOf()
	if !ok || !said {
		return "", false
	}
	if r.months != 0 {
		months, _ := monthValues(r.months).list() // of twelve at most
		if days != "" {
			days += " in " + months
		} else {
			limits = append(limits, "in "+months)
		}
	}
	within, said := r.hoursOf()
	words = strings.Join(strings.Fields(words+" "+days+" "+at), " ")
	for _, limit := range append(limits, within...) {
		words += ", but only " + limit
	}
	if len(r.positions) > 0 {
		words += fmt.Sprintf(", but only the %s of these times in the %s", listWords(placesWords(r.positions)), period)
	}
	if r.weekStart != time.Monday && (len(r.weekNumbers) > 0 || r.frequency == weekly && (r.interval > 1 || len(r.positions) > 0)) {
		words += ", in weeks that begin on " + r.weekStart.String()
	}
	return words, said
}

// endWords says when a rule ends.
func (r recurrence) endWords() string {
	switch {
	case r.count > 0:
		return ", " + counted(r.count, "time") + " in all"
	case !r.until.IsZero():
		return ", until " + momentWords(r.until)
	}
	return ""
}

// daysOf says the days of a rule: the first part that names some, unless it is of days or shorter periods,
// and the parts that leave some out.
func (r recurrence) daysOf() (days string, limits []string, ok bool) {
	ok = true
	if len(r.monthDays) > 0 {
		month := "of the month"
		if r.frequency == yearly && r.months == 0 {
			month = "of every month"
		}
		words, said := datesOf(r.monthDays, 31)
		limits, ok = append(limits, "on "+words+" "+month), said
	}
	if len(r.yearDays) > 0 {
		words, said := datesOf(r.yearDays, 366)
		limits, ok = append(limits, "on "+words+" of the year"), ok && said
	}
	if r.weekdays != 0 || len(r.nth) > 0 {
		words, said := r.weekdaysOf(len(limits) == 0)
		limits, ok = append(limits, "on "+words), ok && said
	}
	if len(r.weekNumbers) > 0 {
		weeks := placesWords(r.weekNumbers)
		limits, ok = append(limits, "in the "+listWords(weeks)+" week of the year"), ok && len(weeks) <= maxItems
	}
	if r.frequency < daily && len(limits) > 0 {
		days, limits = limits[0], limits[1:]
	}
	return days, limits, ok
}

// datesOf says days of a month or a year, counted from its end if they are negative.
func datesOf(list []int, most int) (words string, ok bool) {
	var fromStart uint64
	var parts []string
	for _, n := range list {
		switch {
		case n > 0 && most < 64:
			fromStart |= 1 << n
		case n > 0:
			parts = append(parts, fmt.Sprint("day ", n))
		}
	}
	ok = true
	if fromStart != 0 {
		words, ok = values{fromStart, 1, most, number, false}.named("day")
		parts = append(parts, words)
	}
	for _, n := range slices.Backward(list) {
		if n == -1 {
			parts = append(parts, "the last day")
		} else if n < 0 {
			parts = append(parts, "the "+inFigures(-n)+" to last day")
		}
	}
	return listWords(parts), ok && len(parts) <= maxItems
}

// weekdaysOf says the weekdays of a rule. alone says that no other part names days.
func (r recurrence) weekdaysOf(alone bool) (words string, ok bool) {
	each := ""
	if alone && r.frequency < weekly {
		each = "every"
	}
	parts := weekdayList(r.weekdays, each)
	if each == "" && r.weekdays != 0 {
		words, _ := weekdayValues(r.weekdays).list() // of seven at most
		parts = []string{words}
	}
	if len(r.nth) == 0 {
		return listWords(parts), true
	}
	numbered := slices.Clone(r.nth)
	slices.SortFunc(numbered, func(a, b nthWeekday) int { return cmp.Or(cmp.Compare(b.n, a.n), cmp.Compare(a.weekday, b.weekday)) })
	for _, day := range slices.Compact(numbered) {
		parts = append(parts, "the "+placeWords(day.n)+" "+day.weekday.String())
	}
	of := " of the month"
	if r.frequency == yearly && r.months == 0 {
		of = " of the year"
	}
	return listWords(parts) + of, len(parts) <= maxItems
}

// placesWords says places in an order, counted from its end if they are negative.
func placesWords(places []int) (all []string) {
	for _, n := range places {
		if n > 0 {
			all = append(all, placeWords(n))
		}
	}
	for _, n := range slices.Backward(places) {
		if n < 0 {
			all = append(all, placeWords(n))
		}
	}
	return all
}

func placeWords(n int) string {
	switch {
	case n == -1:
		return "last"
	case n < 0:
		return ordinal(-n) + " to last"
	}
	return ordinal(n)
}

// timesOf says the times of a rule within one of its periods.
func (r recurrence) timesOf() (words string, ok bool) {
	if r.frequency <= daily {
		times := make([]string, len(r.times))
		for i, second := range r.times {
			times[i] = timeWords(second)
		}
		return "at " + listWords(times), len(times) <= maxItems
	}
	if !slices.Equal(r.times, r.timesOfPeriod()) { // BYSETPOS has left some out
		return "", false
	}
	var parts []string
	ok = true
	if r.frequency < secondly && r.seconds != 1 {
		words, said := values{r.seconds, 0, 60, number, false}.named("second")
		parts, ok = append(parts, words), said
	}
	if r.frequency < minutely {
		words, said := values{r.minutes, 0, 60, number, false}.named("minute")
		parts, ok = append(parts, words), ok && said
	}
	if len(parts) == 0 {
		return "", true
	}
	return "at " + strings.Join(parts, " of "), ok
}

// hoursOf says which hours, minutes and seconds a rule of shorter periods leaves.
func (r recurrence) hoursOf() (limits []string, ok bool) {
	ok = true
	for _, part := range []struct {
		set    uint64
		from   frequency
		values values
		name   string
	}{
		{r.hours, hourly, values{r.hours, 0, 24, func(n int) string { return fmt.Sprintf("%02d", n) }, true}, "hour"},
		{r.minutes, minutely, values{r.minutes, 0, 60, number, false}, "minute"},
		{r.seconds, secondly, values{r.seconds, 0, 60, number, false}, "second"},
	} {
		if r.frequency < part.from || part.set == 0 || bits.OnesCount64(part.set) == part.values.count {
			continue
		}
		words, said := part.values.named(part.name)
		limits, ok = append(limits, "in "+words), ok && said
	}
	return limits, ok
}
