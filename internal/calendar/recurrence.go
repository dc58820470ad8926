package calendar

import (
	"fmt"
	"iter"
	"time"

	"github.com/teambition/rrule-go"
)

// horizonYears is how far the next tick of a rule may be. Further away there is none.
const horizonYears = 100

// recurrence is an RRULE on the wall clock, as if it were UTC.
//
// The library walks from DTSTART each time. But periods are alike, so that a walk may as
// well start at a later one, provided that nothing is left to be derived from DTSTART.
type recurrence struct {
	options  rrule.ROption
	excluded dates // EXDATE
}

// newRecurrence writes down what RFC 5545 derives from DTSTART.
func newRecurrence(o rrule.ROption) (recurrence, error) {
	rule, err := rrule.NewRRule(o)
	if err != nil {
		return recurrence{}, fmt.Errorf("not valid: %w", err)
	}
	o = rule.Options // months and days are there already
	if len(o.Byhour) == 0 && o.Freq != rrule.HOURLY {
		o.Byhour = []int{o.Dtstart.Hour()}
	}
	if len(o.Byminute) == 0 {
		o.Byminute = []int{o.Dtstart.Minute()}
	}
	if len(o.Bysecond) == 0 {
		o.Bysecond = []int{o.Dtstart.Second()}
	}
	return recurrence{options: o}, nil
}

// spec returns the rule in the form that finds its ticks soonest. Counting takes a walk
// from the start, which is made once.
func (r recurrence) spec() Spec {
	if r.options.Count == 0 {
		return r
	}
	var ticks []time.Time
	for tick := range r.from(r.options.Dtstart) {
		ticks = append(ticks, tick)
		if len(ticks) == r.options.Count {
			break
		}
	}
	return newDates(ticks).without(r.excluded)
}

// everyHour reports whether the rule is due in each hour of the clock on the wall.
func (r recurrence) everyHour() bool {
	return r.options.Freq == rrule.HOURLY && r.options.Interval == 1 && len(r.options.Byhour) == 0
}

// Next implements [Spec].
func (r recurrence) Next(after time.Time) time.Time {
	if until := r.options.Until; !until.IsZero() && !after.Before(until) {
		return time.Time{}
	}
	for tick := range r.from(after) {
		if tick.After(after) && !r.excluded.has(tick) {
			return tick
		}
	}
	return time.Time{}
}

// from walks through the ticks of the period that holds a moment, and on as far as the
// horizon.
//
// The library is given whole periods, since BYSETPOS picks from those, and so it must not
// do the counting. Where nothing suits the rule it gives up in the year 9999 and no sooner.
// So it is asked about that time: the calendar repeats every 400 years, weekdays included.
func (r recurrence) from(after time.Time) iter.Seq[time.Time] {
	const cycle, last = 400, 9999 - horizonYears
	start := r.period(after)
	later := (last - max(start.Year(), after.Year())) / cycle * cycle
	end := after.AddDate(horizonYears, 0, 0)
	if until := r.options.Until; !until.IsZero() && until.Before(end) {
		end = until
	}
	walk := rrule.RRule{OrigOptions: r.options}
	walk.OrigOptions.Count = 0
	walk.OrigOptions.Until = end.AddDate(later, 0, 0)
	walk.DTStart(start.AddDate(later, 0, 0))
	return func(yield func(time.Time) bool) {
		next := walk.Iterator()
		for tick, ok := next(); ok; tick, ok = next() {
			tick = tick.AddDate(-later, 0, 0)
			if !tick.Before(r.options.Dtstart) && !yield(tick) {
				return
			}
		}
	}
}

// period returns the start of the last period that begins no later than after, or of the
// first: a year, a month and so on, each a number of them after the one before.
func (r recurrence) period(after time.Time) time.Time {
	first, n := r.options.Dtstart, r.options.Interval
	if after.Before(first) {
		after = first
	}
	switch r.options.Freq {
	case rrule.YEARLY:
		years := after.Year() - first.Year()
		return time.Date(first.Year()+years-years%n, 1, 1, 0, 0, 0, 0, time.UTC)
	case rrule.MONTHLY:
		months := 12*(after.Year()-first.Year()) + int(after.Month()-first.Month())
		return time.Date(first.Year(), first.Month()+time.Month(months-months%n), 1, 0, 0, 0, 0, time.UTC)
	case rrule.WEEKLY:
		monday := (int(first.Weekday()) + 6) % 7 // days since
		week := first.AddDate(0, 0, -(monday+7-r.options.Wkst.Day())%7)
		return stepTo(after, week.Truncate(24*time.Hour), 7*24*time.Hour, n)
	case rrule.DAILY:
		return stepTo(after, first.Truncate(24*time.Hour), 24*time.Hour, n)
	default: // HOURLY
		return stepTo(after, first.Truncate(time.Hour), time.Hour, n)
	}
}

// stepTo returns the last moment until after that is a multiple of n steps after first.
func stepTo(after, first time.Time, step time.Duration, n int) time.Time {
	seconds := int64(step/time.Second) * int64(n)
	past := (after.Unix() - first.Unix()) % seconds
	return time.Unix(after.Unix()-past, 0).UTC()
}
