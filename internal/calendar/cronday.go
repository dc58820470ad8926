package calendar

import (
	"errors"
	"strings"
	"time"
)

// monthDays is the field of the day of month.
type monthDays struct {
	any         bool
	dates       uint64 // bit n: the n-th
	fromEnd     uint64 // bit n: n days before the last
	workdays    uint64 // bit n: the working day nearest to the n-th
	lastWorkday bool
}

func readMonthDays(text string) (m monthDays, err error) {
	if text == "?" {
		text = "*"
	}
	m.any = isAny(text)
	for item := range strings.SplitSeq(text, ",") {
		if err := m.add(strings.ToUpper(item)); err != nil {
			return m, monthDayField.fault(text, err)
		}
	}
	return m, nil
}

func (m *monthDays) add(item string) error {
	switch before, isBefore := strings.CutPrefix(item, "L-"); {
	case item == "L":
		m.fromEnd |= 1
		return nil
	case item == "LW":
		m.lastWorkday = true
		return nil
	case isBefore:
		n, ok := digits(before)
		if !ok || n < 1 || n > 30 {
			return errors.New("from 1 to 30 days before the last go behind L-")
		}
		m.fromEnd |= 1 << n
		return nil
	}
	if near, ok := strings.CutSuffix(item, "W"); ok {
		n, ok := digits(near)
		if !ok || n < 1 || n > 31 {
			return errors.New("a day from 1 to 31 goes before W")
		}
		m.workdays |= 1 << n
		return nil
	}
	dates, err := monthDayField.readItem(item)
	m.dates |= dates
	return err
}

func (m monthDays) has(d day) bool {
	if m.dates>>d.date&1 == 1 || m.fromEnd>>(d.length-d.date)&1 == 1 {
		return true
	}
	if m.lastWorkday && d.date == nearestWorkday(d, d.length) {
		return true
	}
	if m.workdays == 0 {
		return false
	}
	// A working day stands for days at most two away.
	for date := max(1, d.date-2); date <= min(d.length, d.date+2); date++ {
		if m.workdays>>date&1 == 1 && d.date == nearestWorkday(d, date) {
			return true
		}
	}
	return false
}

// nearestWorkday returns the date of the working day nearest to a date, in the month of d:
// the Friday for a Saturday, the Monday for a Sunday, unless that is another month's.
func nearestWorkday(d day, date int) int {
	switch (d.weekday + time.Weekday((date-d.date)%7) + 7) % 7 {
	case time.Saturday:
		if date == 1 {
			return 3
		}
		return date - 1
	case time.Sunday:
		if date == d.length {
			return date - 2
		}
		return date + 1
	}
	return date
}

// weekDays is the field of the day of week. Weekdays are bits from Sunday on.
type weekDays struct {
	any  bool
	each uint64    // those of every week
	nth  [6]uint64 // [n]: the n-th of their kind in the month
	last uint64    // the last of their kind in the month
}

func readWeekDays(text string) (w weekDays, err error) {
	if text == "?" {
		text = "*"
	}
	w.any = isAny(text)
	for item := range strings.SplitSeq(text, ",") {
		if err := w.add(item); err != nil {
			return w, weekDayField.fault(text, err)
		}
	}
	return w, nil
}

func (w *weekDays) add(item string) error {
	if name, which, ok := strings.Cut(item, "#"); ok {
		weekday, err := weekDayField.readValue(name)
		if err != nil {
			return err
		}
		bit := uint64(1) << (weekday % 7)
		n, ok := digits(which)
		switch {
		case strings.EqualFold(which, "L"):
			w.last |= bit
		case ok && 1 <= n && n <= 5:
			w.nth[n] |= bit
		default:
			return errors.New("# stands before a number from 1 to 5, or L for the last")
		}
		return nil
	}
	if name := strings.TrimSuffix(strings.TrimSuffix(item, "L"), "l"); name != item {
		if _, isNumber := digits(name); isNumber {
			return errors.New("the number before L counts from Sunday as 1 in some systems: name the day, as in FRIL")
		}
		if weekday, ok := weekDayField.named(name); ok {
			w.last |= 1 << weekday
			return nil
		}
	}
	each, err := weekDayField.readItem(item)
	w.each |= each
	return err
}

func (w weekDays) has(d day) bool {
	set := w.each | w.nth[(d.date-1)/7+1]
	if d.date+7 > d.length {
		set |= w.last
	}
	return set>>d.weekday&1 == 1
}
