package calendar

import (
	"errors"
	"fmt"
	"math/bits"
)

// checkParts refuses parts that RFC 5545, section 3.3.10, does not allow together, and a
// period with more times than may be.
func (r *recurrence) checkParts() error {
	if err := r.checkWeekdayNumbers(); err != nil {
		return err
	}
	anyDays := r.months != 0 || len(r.monthDays)+len(r.yearDays)+len(r.weekNumbers)+len(r.nth) > 0 || r.weekdays != 0
	times := 1
	for frequency, set := range map[frequency]uint64{hourly: r.hours, minutely: r.minutes, secondly: r.seconds} {
		if r.frequency < frequency {
			times *= max(1, bits.OnesCount64(set))
		}
	}
	switch {
	case r.count > 0 && !r.until.IsZero():
		return errors.New("COUNT and UNTIL both end it: give one of them")
	case !r.until.IsZero() && r.until.Before(r.start):
		return errors.New("UNTIL is before DTSTART: it is never due")
	case r.frequency == weekly && len(r.monthDays) > 0:
		return errors.New("BYMONTHDAY does not go with FREQ=WEEKLY: use FREQ=MONTHLY or DAILY")
	case len(r.yearDays) > 0 && yearly < r.frequency && r.frequency < hourly:
		return errors.New("BYYEARDAY goes with FREQ=YEARLY, HOURLY, MINUTELY and SECONDLY only")
	case len(r.weekNumbers) > 0 && (r.frequency != yearly || r.weekdays == 0):
		return errors.New("BYWEEKNO goes with FREQ=YEARLY and a BYDAY only")
	case len(r.positions) > 0 && !anyDays && r.hours|r.minutes|r.seconds == 0:
		return errors.New("BYSETPOS picks from what other parts give: add one, such as BYDAY=MO,TU,WE,TH,FR")
	case times > maxTimes:
		return fmt.Errorf("BYHOUR, BYMINUTE and BYSECOND give %d times to a period: at most %d are allowed; a cron spec takes more", times, maxTimes)
	}
	return nil
}

// checkWeekdayNumbers refuses the numbers of weekdays, as in 2MO, that no month or year
// has.
func (r *recurrence) checkWeekdayNumbers() error {
	most := 53
	if r.frequency == monthly || r.months != 0 {
		most = 5
	}
	for _, day := range r.nth {
		switch name := fmt.Sprintf("BYDAY %d%s", day.n, weekdayCodes[day.weekday]); {
		case r.frequency > monthly || len(r.weekNumbers) > 0:
			return fmt.Errorf("%s: a numbered day goes with FREQ=MONTHLY or YEARLY, and not with BYWEEKNO", name)
		case max(day.n, -day.n) > most:
			return fmt.Errorf("%s is out of range: count to %d, or from the end to -%d", name, most, most)
		}
	}
	return nil
}

// weekdayCodes are what RFC 5545 calls the weekdays.
var weekdayCodes = [...]string{"SU", "MO", "TU", "WE", "TH", "FR", "SA"}

// checkWork refuses a rule of periods shorter than a day none of which is ever at one of
// its times: looking for one would take all the work there is. The periods of a rule come
// back to the same times of day, each a common divisor of INTERVAL and the day apart.
func (r *recurrence) checkWork() error {
	if len(r.times) == 0 {
		return errors.New("BYSETPOS picks none of a period's times: choose a number that it has")
	}
	if r.frequency < hourly {
		return nil
	}
	unit := int(r.frequency.seconds())
	apart := unit * gcd(r.interval, secondsPerDay/unit)
	for second := secondOf(r.start) / unit * unit % apart; second < secondsPerDay; second += apart {
		if r.suitableFrom(second) == second {
			return nil
		}
	}
	return fmt.Errorf("INTERVAL=%d from %s never meets BYHOUR, BYMINUTE and BYSECOND: change one of them", r.interval, r.start.Format("15:04:05"))
}

func gcd(a, b int) int {
	for b != 0 {
		a, b = b, a%b
	}
	return a
}
