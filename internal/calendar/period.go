package calendar

import "time"

// period returns the number of the first day of the period of a rule that holds d, a day
// or longer, and how many days it has.
func (r recurrence) period(d day) (first, length int64) {
	switch r.frequency {
	case yearly:
		return d.number - int64(d.yearday()) + 1, int64(yearLength(d.year))
	case monthly:
		return d.number - int64(d.date) + 1, int64(d.length)
	case weekly:
		return r.weekOf(d.number), 7
	}
	return d.number, 1
}

// weekOf returns the number of the first day of the week that holds a day.
func (r recurrence) weekOf(number int64) int64 {
	const thursday = 4 // 1970-01-01
	return number - floorMod(number+thursday-int64(r.weekStart), 7)
}

// leftOut returns how many days are between d and the next period of a rule that is not
// left out by INTERVAL, 0 if that of d is not.
func (r recurrence) leftOut(d day) int64 {
	if r.interval == 1 || r.frequency >= hourly {
		return 0
	}
	start, n := dayOf(r.start), int64(r.interval)
	switch r.frequency {
	case yearly:
		if past := int64(d.year-start.year) % n; past > 0 {
			return dayOf(time.Date(d.year+int(n-past), 1, 1, 0, 0, 0, 0, time.UTC)).number - d.number
		}
	case monthly:
		months := 12*int64(d.year-start.year) + int64(d.month-start.month)
		if past := months % n; past > 0 {
			return dayOf(time.Date(d.year, d.month+time.Month(n-past), 1, 0, 0, 0, 0, time.UTC)).number - d.number
		}
	case weekly:
		week := r.weekOf(d.number)
		if past := (week - r.weekOf(start.number)) / 7 % n; past > 0 {
			return week + 7*(n-past) - d.number
		}
	case daily:
		if past := (d.number - start.number) % n; past > 0 {
			return n - past
		}
	}
	return 0
}

// suits reports whether a day suits the parts of a rule that name days.
func (r recurrence) suits(d day) bool {
	return (r.months == 0 || r.months>>d.month&1 == 1) &&
		(len(r.monthDays) == 0 || counts(r.monthDays, d.date, d.length)) &&
		(len(r.yearDays) == 0 || counts(r.yearDays, d.yearday(), yearLength(d.year))) &&
		(len(r.weekNumbers) == 0 || r.suitsWeek(d)) &&
		(r.weekdays == 0 && len(r.nth) == 0 || r.suitsWeekday(d))
}

// counts reports whether a list names the n-th of some, or names it from the end.
func counts(list []int, n, total int) bool {
	for _, number := range list {
		if number == n || number == n-total-1 {
			return true
		}
	}
	return false
}

// suitsWeek reports whether BYWEEKNO names the week of a day. The week belongs to the year
// that has most of its days, and so its middle one.
func (r recurrence) suitsWeek(d day) bool {
	middle := dayNumbered(r.weekOf(d.number) + 3)
	week := (middle.yearday()-1)/7 + 1
	weeks := week + (yearLength(middle.year)-middle.yearday())/7
	return counts(r.weekNumbers, week, weeks)
}

// suitsWeekday reports whether BYDAY names the weekday of a day, in each week or by its
// number in the month, or in the year if the rule is of whole years.
func (r recurrence) suitsWeekday(d day) bool {
	if r.weekdays>>d.weekday&1 == 1 {
		return true
	}
	n, total := d.date, d.length
	if r.frequency == yearly && r.months == 0 {
		n, total = d.yearday(), yearLength(d.year)
	}
	for _, day := range r.nth {
		if day.weekday == d.weekday && (day.n == (n-1)/7+1 || day.n == -((total-n)/7+1)) {
			return true
		}
	}
	return false
}

// within returns the first tick of a rule of periods shorter than a day that lies in a day,
// from one of its seconds on, the zero time if there is none.
func (r recurrence) within(b *Budget, d day, second int) (time.Time, error) {
	begin := d.number * secondsPerDay
	unit := r.frequency.seconds()
	step := unit * int64(r.interval)
	first := r.start.Unix() - floorMod(r.start.Unix(), unit)
	// The period that began last may go on.
	period := first + floorDiv(begin+int64(second)-first, step)*step
	for {
		if period < begin {
			period = first + ceilDiv(begin-first, step)*step
		}
		if period >= begin+secondsPerDay {
			return time.Time{}, nil
		}
		if err := b.spend(1); err != nil {
			return time.Time{}, err
		}
		into := int(period - begin)
		if next := r.suitableFrom(into); next > into {
			period = first + ceilDiv(begin+int64(next)-first, step)*step
			continue
		}
		for _, offset := range r.times {
			if into+offset >= second && begin+int64(into+offset) >= r.start.Unix() {
				return d.at(into + offset), nil
			}
		}
		period += step
	}
}

// suitableFrom returns the first second from one on at which a period shorter than a day
// may begin by BYHOUR, BYMINUTE and BYSECOND, or the start of an hour or minute in which one
// may.
func (r recurrence) suitableFrom(second int) int {
	hour, minute := second/3600, second/60%60
	if r.hours != 0 && r.hours>>hour&1 == 0 {
		return nextOf(r.hours, hour, 24) * 3600
	}
	if r.frequency >= minutely && r.minutes != 0 && r.minutes>>minute&1 == 0 {
		return hour*3600 + nextOf(r.minutes, minute, 60)*60
	}
	if r.frequency == secondly && r.seconds != 0 && r.seconds>>(second%60)&1 == 0 {
		return second - second%60 + nextOf(r.seconds, second%60, 60)
	}
	return second
}

// nextOf returns the lowest value of a set above n, or end if there is none.
func nextOf(set uint64, n, end int) int {
	if next, ok := firstFrom(set, n+1); ok {
		return next
	}
	return end
}
