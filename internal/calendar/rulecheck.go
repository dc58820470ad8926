package calendar

import (
	"errors"
	"fmt"
	"slices"

	"github.com/teambition/rrule-go"
)

// checkParts refuses parts that RFC 5545, section 3.3.10, does not allow together, and
// those that would cost too much. The library takes them all, and some make it panic or
// never return.
func checkParts(o rrule.ROption) error {
	if err := checkWeekdayNumbers(o); err != nil {
		return err
	}
	days := len(o.Bymonth) + len(o.Bymonthday) + len(o.Byyearday) + len(o.Byweekno) + len(o.Byweekday)
	times := max(1, len(o.Byminute)) * max(1, len(o.Bysecond))
	if o.Freq != rrule.HOURLY {
		times *= max(1, len(o.Byhour))
	}
	switch {
	case o.Count > 0 && !o.Until.IsZero():
		return errors.New("COUNT and UNTIL both end it: give one of them")
	case !o.Until.IsZero() && o.Until.Before(o.Dtstart):
		return errors.New("UNTIL is before DTSTART: it is never due")
	case o.Freq == rrule.WEEKLY && len(o.Bymonthday) > 0:
		return errors.New("BYMONTHDAY does not go with FREQ=WEEKLY: use FREQ=MONTHLY or DAILY")
	case len(o.Byyearday) > 0 && o.Freq != rrule.YEARLY && o.Freq != rrule.HOURLY:
		return errors.New("BYYEARDAY goes with FREQ=YEARLY or HOURLY only")
	case len(o.Byweekno) > 0 && (o.Freq != rrule.YEARLY || len(o.Byweekday) == 0):
		return errors.New("BYWEEKNO goes with FREQ=YEARLY and a BYDAY only")
	case len(o.Bysetpos) > 0 && days+len(o.Byhour)+len(o.Byminute)+len(o.Bysecond) == 0:
		return errors.New("BYSETPOS picks from what other parts give: add one, such as BYDAY=MO,TU,WE,TH,FR")
	case times > maxTimes:
		return fmt.Errorf("BYHOUR, BYMINUTE and BYSECOND give %d times to a period: at most %d are allowed; a cron spec takes more", times, maxTimes)
	case !meetsHour(o):
		return fmt.Errorf("INTERVAL=%d from hour %d never meets BYHOUR: change one of them", o.Interval, o.Dtstart.Hour())
	}
	return nil
}

// checkWeekdayNumbers refuses the numbers of weekdays, as in 2MO, that no month or year
// has.
func checkWeekdayNumbers(o rrule.ROption) error {
	most := 53
	if o.Freq == rrule.MONTHLY || len(o.Bymonth) > 0 {
		most = 5
	}
	for _, day := range o.Byweekday {
		n := max(day.N(), -day.N())
		switch {
		case n == 0:
		case o.Freq > rrule.MONTHLY || len(o.Byweekno) > 0:
			return fmt.Errorf("BYDAY %s: a numbered day goes with FREQ=MONTHLY or YEARLY, and not with BYWEEKNO", day)
		case n > most:
			return fmt.Errorf("BYDAY %s is out of range: count to %d, or from the end to -%d", day, most, most)
		}
	}
	return nil
}

// meetsHour reports whether steps of some hours ever come to one of BYHOUR. The library
// looks for one for ever.
func meetsHour(o rrule.ROption) bool {
	if o.Freq != rrule.HOURLY || len(o.Byhour) == 0 {
		return true
	}
	for i := range 24 {
		if slices.Contains(o.Byhour, (o.Dtstart.Hour()+i*o.Interval)%24) {
			return true
		}
	}
	return false
}
