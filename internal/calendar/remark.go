package calendar

import (
	"fmt"
	"math/bits"
	"strings"
	"time"
)

// Remark returns what an operator should know about a spec for which no dialect is given:
// a cron spec that restricts both days is due on other days than Celery has it. It is ""
// if there is nothing to say.
func Remark(spec string, dialect Dialect) string {
	text := strings.TrimSpace(spec)
	if dialect != "" || isRule(text) || strings.HasPrefix(text, "@") || strings.HasPrefix(text, "at ") {
		return ""
	}
	fields := strings.Fields(text)
	c, err := readCron(fields, Crontab)
	if err != nil || c.monthDays.any || c.weekDays.any {
		return ""
	}
	month, week := fields[len(fields)-3], fields[len(fields)-1]
	return fmt.Sprintf("day of month %s and day of week %s are both restricted: it is due when either matches, as crontab(5) has it. "+
		"Celery asks for both: for that say cron: %s (--cron=%s), or %s. To keep it as it is without this remark, say cron: %s.",
		month, week, Celery, Celery, c.inOtherWords(fields), Crontab)
}

// inOtherWords says how to ask for both days without a dialect.
func (c cron) inOtherWords(fields []string) string {
	month, week := c.monthDays, c.weekDays
	if month.fromEnd == 0 && month.workdays == 0 && !month.lastWorkday && week.last == 0 && week.nth == [6]uint64{} {
		for n := range 4 {
			const firstWeek = 1<<8 - 2 // the 1st to the 7th
			if month.dates == firstWeek<<(7*n) && bits.OnesCount64(week.each) == 1 {
				name := strings.ToUpper(time.Weekday(bits.TrailingZeros64(week.each)).String()[:3])
				other := append(append([]string{}, fields[:len(fields)-3]...), "*", fields[len(fields)-2], fmt.Sprintf("%s#%d", name, n+1))
				return fmt.Sprintf("write %q", strings.Join(other, " "))
			}
		}
		return fmt.Sprintf("write RRULE:FREQ=MONTHLY;BYMONTHDAY=%s;BYDAY=%s with a DTSTART at the time of day", c.ruleDates(), c.ruleDays())
	}
	return "write a rule with BYMONTHDAY and BYDAY"
}

func (c cron) ruleDates() string {
	var dates []string
	for date, ok := firstFrom(c.monthDays.dates, 0); ok; date, ok = firstFrom(c.monthDays.dates, date+1) {
		dates = append(dates, fmt.Sprint(date))
	}
	return strings.Join(dates, ",")
}

func (c cron) ruleDays() string {
	var days []string
	for day, ok := firstFrom(c.weekDays.each, 0); ok; day, ok = firstFrom(c.weekDays.each, day+1) {
		days = append(days, weekdayCodes[day])
	}
	return strings.Join(days, ",")
}
