package calendar

import (
	"fmt"
	"math/bits"
	"strings"
)

// maxTimesSaid bounds the times of day that a sentence has.
const maxTimesSaid = 6

// words says when a cron spec is due. It is not ok if that takes too many words.
func (c cron) words() (words string, ok bool) {
	times, daily, ok := c.timesOfDay()
	if !ok {
		return "", false
	}
	days, ok := c.days()
	if !ok {
		return "", false
	}
	if days == "" && daily {
		days = "every day"
	}
	months := ""
	if v := monthValues(c.months); !v.all() {
		if months, ok = v.list(); !ok {
			return "", false
		}
		months = "in " + months
		if strings.Contains(days, ",") || strings.Contains(days, " or ") {
			days += ","
		}
	}
	return strings.Join(strings.Fields(times+" "+days+" "+months), " "), true
}

// timesOfDay says the times of a day. daily says that they are some of a day, so that it is to be said of
// which.
func (c cron) timesOfDay() (words string, daily, ok bool) {
	hours, minutes, seconds := bits.OnesCount64(c.hours), bits.OnesCount64(c.minutes), bits.OnesCount64(c.seconds)
	if hours*minutes*seconds <= maxTimesSaid {
		return "at " + listWords(c.eachTime()), true, true
	}
	h := values{c.hours, 0, 24, func(n int) string { return fmt.Sprintf("%02d", n) }, true}
	m, s := values{c.minutes, 0, 60, number, false}, values{c.seconds, 0, 60, number, false}
	if c.seconds == 1 {
		if c.minutes == 1 && h.all() {
			return "every hour", false, true
		}
		if pace := m.pace(); pace > 0 {
			return c.paced(h, pace, minutes)
		}
		if pace := h.pace(); pace > 1 && minutes == 1 {
			return fmt.Sprintf("every %d hours from %s", pace, timeWords(bits.TrailingZeros64(c.minutes)*60)), true, true
		}
		words, ok = m.named("minute")
		return c.ofHours("at "+words, h, ok)
	}
	if pace := s.pace(); pace > 0 {
		words, ok = "every "+spanWords(int64(pace)), true
	} else {
		words, ok = s.named("second")
		words = "at " + words
	}
	if m.all() && h.all() {
		if s.pace() == 0 {
			words += " of every minute"
		}
		return words, false, ok
	}
	of := "every minute"
	if !m.all() {
		var said bool
		of, said = m.named("minute")
		ok = ok && said
	}
	return c.ofHours(words+" of "+of, h, ok)
}

// paced says times that come in every so many minutes of some hours.
func (c cron) paced(h values, pace, perHour int) (words string, daily, ok bool) {
	words = "every " + spanWords(int64(pace)*60)
	if h.all() {
		return words, false, true
	}
	if runs := h.runs(); len(runs) == 1 {
		last := runs[0].last*3600 + (perHour-1)*pace*60
		return fmt.Sprintf("%s from %s to %s", words, timeWords(runs[0].first*3600), timeWords(last)), true, true
	}
	return c.ofHours(words, h, true)
}

// ofHours says of which hours times are.
func (c cron) ofHours(words string, h values, before bool) (said string, daily, ok bool) {
	if h.all() {
		return words + " of every hour", false, before
	}
	hours, ok := h.named("hour")
	if !strings.HasPrefix(hours, "every") {
		hours = "the " + hours
	}
	return words + " of " + hours, true, ok && before
}

// eachTime says each time of a day.
func (c cron) eachTime() (all []string) {
	for h, ok := firstFrom(c.hours, 0); ok; h, ok = firstFrom(c.hours, h+1) {
		for m, ok := firstFrom(c.minutes, 0); ok; m, ok = firstFrom(c.minutes, m+1) {
			for s, ok := firstFrom(c.seconds, 0); ok; s, ok = firstFrom(c.seconds, s+1) {
				all = append(all, timeWords(h*3600+m*60+s))
			}
		}
	}
	return all
}

// days says the days, "" if they are all.
func (c cron) days() (words string, ok bool) {
	month, week := c.monthDays, c.weekDays
	switch {
	case month.any && week.any:
		return "", true
	case month.any:
		return week.words()
	case week.any:
		return month.words()
	}
	monthWords, ok := month.words()
	weekWords, alsoOK := week.words()
	joint := " or "
	if c.both {
		joint = ", but only "
	}
	return monthWords + joint + weekWords, ok && alsoOK
}

// words says the days of a month.
func (m monthDays) words() (string, bool) {
	var parts []string
	ok := true
	if m.dates != 0 {
		words, said := values{m.dates, 1, 31, number, false}.named("day")
		parts, ok = append(parts, words), said
	}
	for n, more := firstFrom(m.workdays, 0); more; n, more = firstFrom(m.workdays, n+1) {
		parts = append(parts, fmt.Sprintf("the working day nearest to day %d", n))
	}
	for n, more := firstFrom(m.fromEnd, 1); more; n, more = firstFrom(m.fromEnd, n+1) {
		parts = append(parts, "the "+inFigures(n+1)+" to last day")
	}
	if m.lastWorkday {
		parts = append(parts, "the last working day")
	}
	if m.fromEnd&1 == 1 {
		parts = append(parts, "the last day")
	}
	return "on " + listWords(parts) + " of the month", ok && len(parts) <= maxItems
}

// words says the days of a week, and those that are counted in a month.
func (w weekDays) words() (string, bool) {
	var parts []string
	if v := weekdayValues(w.each); v.all() {
		parts = append(parts, "any day of the week")
	} else if w.each != 0 {
		words, _ := v.list() // of seven at most
		parts = append(parts, words)
	}
	var counted []string
	for n, set := range w.nth {
		if set != 0 {
			counted = append(counted, weekdayList(set, "the "+ordinal(n))...)
		}
	}
	counted = append(counted, weekdayList(w.last, "the last")...)
	if len(counted) > 0 {
		parts = append(parts, listWords(counted)+" of the month")
	}
	return "on " + strings.Join(parts, " and on "), len(counted) <= maxItems
}
