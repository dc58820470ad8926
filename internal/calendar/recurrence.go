package calendar

import (
	"slices"
	"time"
)

// frequency is the period of a rule, the longest first.
type frequency int

const (
	yearly frequency = iota + 1
	monthly
	weekly
	daily
	hourly
	minutely
	secondly
)

// seconds returns how long a period is that is shorter than a day.
func (f frequency) seconds() int64 {
	return [...]int64{hourly: 3600, minutely: 60, secondly: 1}[f]
}

// nthWeekday is a weekday by its number in a month or a year, counted from the end if
// negative.
type nthWeekday struct {
	weekday time.Weekday
	n       int
}

// recurrence is an RRULE on the wall clock, as if it were UTC. The bit n of a set stands
// for the value n; an empty list or set takes any value. [readParts] has filled in what
// RFC 5545 derives from DTSTART.
type recurrence struct {
	frequency   frequency
	interval    int
	start       time.Time // DTSTART
	until       time.Time // zero: no end
	count       int       // 0: no end
	weekStart   time.Weekday
	months      uint64
	monthDays   []int
	yearDays    []int
	weekNumbers []int
	weekdays    uint64
	nth         []nthWeekday
	hours       uint64
	minutes     uint64
	seconds     uint64
	positions   []int // BYSETPOS, of a period of a day or longer

	times []int // what a day, or a shorter period, has: seconds from its start, in order
}

// horizonDays is how far the next tick of a rule may be, a hundred years. Further away
// there is none.
const horizonDays = 100*365 + 25

// everyHour reports whether the rule keeps its pace from hour to hour.
func (r recurrence) everyHour() bool {
	return r.frequency >= hourly && r.hours == 0 && r.frequency.seconds()*int64(r.interval) <= 3600
}

// counted returns the rule in the form that finds its ticks soonest. Counting takes a walk
// from the start, which is made once.
func (r recurrence) counted(b *Budget) (Spec, error) {
	if r.count == 0 {
		return r, nil
	}
	var ticks []time.Time
	for last := r.start.Add(-time.Second); len(ticks) < r.count && last.Year() <= lastCountYear; {
		tick, err := r.Next(b, last)
		if err != nil {
			return nil, err
		}
		if tick.IsZero() { // none within the horizon: those beyond count, too
			last = last.AddDate(0, 0, horizonDays)
			continue
		}
		ticks, last = append(ticks, tick), tick
	}
	return newDates(ticks), nil
}

// Next implements [Spec]. It looks at one day after the other, and leaps over the months
// and the periods that are left out.
func (r recurrence) Next(b *Budget, after time.Time) (time.Time, error) {
	from := after.Truncate(time.Second).Add(time.Second)
	if from.Before(r.start) {
		from = r.start
	}
	first := dayOf(from)
	end := first.number + horizonDays
	for today := first; today.number <= end && today.year <= lastYear; {
		if err := b.spend(1); err != nil || r.over(today.at(0)) {
			return time.Time{}, err
		}
		if r.months != 0 && r.months>>today.month&1 == 0 {
			today = today.nextMonth()
			continue
		}
		if ahead := r.leftOut(today); ahead > 0 {
			today = dayNumbered(today.number + ahead)
			continue
		}
		tick, following, err := r.look(b, today, from)
		if err != nil || !tick.IsZero() && r.over(tick) {
			return time.Time{}, err
		}
		if !tick.IsZero() {
			return tick, nil
		}
		today = following
	}
	return time.Time{}, nil
}

// over reports whether the rule has ended at a time.
func (r recurrence) over(at time.Time) bool { return !r.until.IsZero() && at.After(r.until) }

// look returns the first tick from a time on in a day, and the day to look at otherwise. If
// BYSETPOS picks from a longer period, it looks at all of that.
func (r recurrence) look(b *Budget, today day, from time.Time) (tick time.Time, following day, err error) {
	if len(r.positions) > 0 {
		return r.pick(b, today, from)
	}
	following = today.next()
	if !r.suits(today) {
		return time.Time{}, following, nil
	}
	second := 0
	if from.After(today.at(0)) {
		second = secondOf(from)
	}
	if r.frequency >= hourly {
		tick, err = r.within(b, today, second)
		return tick, following, err
	}
	if i, _ := slices.BinarySearch(r.times, second); i < len(r.times) {
		tick = today.at(r.times[i])
	}
	return tick, following, nil
}

// pick returns the first tick from a time on that BYSETPOS picks from the period that holds
// a day, and the first day of the next period.
func (r recurrence) pick(b *Budget, today day, from time.Time) (tick time.Time, following day, err error) {
	first, length := r.period(today)
	following = dayNumbered(first + length)
	if err := b.spend(int(length)); err != nil {
		return time.Time{}, following, err
	}
	var days []day
	for d := dayNumbered(first); d.number < following.number; d = d.next() {
		if r.suits(d) {
			days = append(days, d)
		}
	}
	for _, i := range picked(r.positions, len(days)*len(r.times)) {
		tick := days[i/len(r.times)].at(r.times[i%len(r.times)])
		if !tick.Before(from) {
			return tick, following, nil
		}
	}
	return time.Time{}, following, nil
}

// picked returns the places, from 0 and in order, that positions name among n.
func picked(positions []int, n int) []int {
	var places []int
	for _, position := range positions {
		place := position - 1
		if position < 0 {
			place = n + position
		}
		if 0 <= place && place < n {
			places = append(places, place)
		}
	}
	slices.Sort(places)
	return slices.Compact(places)
}
