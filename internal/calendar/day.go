package calendar

import "time"

// secondsPerDay is the length of a day on the wall clock, where no clock changes.
const secondsPerDay = 24 * 60 * 60

// lastYear is the last in which anything is due: times are written with years of four
// digits.
const lastYear = 9999

// day is a date of the Gregorian calendar, with what specs ask of it at hand.
type day struct {
	number  int64 // since 1970-01-01
	year    int
	month   time.Month
	date    int // of the month, from 1
	length  int // of the month
	weekday time.Weekday
}

// dayOf returns the date of a wall clock time.
func dayOf(wall time.Time) day {
	year, month, date := wall.Date()
	return day{floorDiv(wall.Unix(), secondsPerDay), year, month, date, monthLength(year, month), wall.Weekday()}
}

// dayNumbered returns the date a number of days after 1970-01-01.
func dayNumbered(number int64) day { return dayOf(time.Unix(number*secondsPerDay, 0).UTC()) }

// next returns the day after d.
func (d day) next() day {
	if d.date == d.length {
		return d.nextMonth()
	}
	d.number++
	d.date++
	d.weekday = (d.weekday + 1) % 7
	return d
}

// nextMonth returns the first day of the month after that of d.
func (d day) nextMonth() day {
	ahead := d.length - d.date + 1
	d.number += int64(ahead)
	d.weekday = (d.weekday + time.Weekday(ahead)) % 7
	d.date = 1
	if d.month++; d.month > time.December {
		d.month = time.January
		d.year++
	}
	d.length = monthLength(d.year, d.month)
	return d
}

// at returns the wall clock time some seconds into d.
func (d day) at(second int) time.Time {
	return time.Unix(d.number*secondsPerDay+int64(second), 0).UTC()
}

// yearday returns which day of its year d is, from 1.
func (d day) yearday() int { return d.at(0).YearDay() }

// secondOf returns how many seconds into its day a wall clock time is.
func secondOf(wall time.Time) int {
	return int(floorMod(wall.Unix(), secondsPerDay))
}

var monthLengths = [...]int{31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31}

func monthLength(year int, month time.Month) int {
	if month == time.February && isLeap(year) {
		return 29
	}
	return monthLengths[month-1]
}

func isLeap(year int) bool { return year%4 == 0 && (year%100 != 0 || year%400 == 0) }

func yearLength(year int) int {
	if isLeap(year) {
		return 366
	}
	return 365
}

// floorDiv and ceilDiv are n/by, rounded down and up also where n is negative.
func floorDiv(n, by int64) int64 {
	q := n / by
	if n%by < 0 {
		q--
	}
	return q
}

func ceilDiv(n, by int64) int64 { return -floorDiv(-n, by) }

// floorMod is what floorDiv leaves, never negative.
func floorMod(n, by int64) int64 { return n - floorDiv(n, by)*by }
