package calendar

import (
	"fmt"
	"math/bits"
	"strings"
	"time"
)

// Dialect is how a cron spec that restricts both days, that of the month and that of the
// week, is read: systems disagree.
type Dialect string

// The dialects.
const (
	Crontab Dialect = "crontab" // either day suffices, as crontab(5) has it; the default
	Celery  Dialect = "celery"  // both days must match, as Celery's crontab has it
)

// CheckDialect reports why d is none; "" is [Crontab].
func CheckDialect(d Dialect) error {
	switch d {
	case "", Crontab, Celery:
		return nil
	}
	return fmt.Errorf("cron %.40q: use %s (either day suffices) or %s (both days must match)", string(d), Crontab, Celery)
}

// searchDays is how far the next tick of a cron spec may be. The rarest is a 29 February
// on a given weekday: forty years apart where a century has no leap year.
const searchDays = 41 * 366

// cron is a cron spec on the wall clock. The bit n of a set stands for the value n.
type cron struct {
	seconds, minutes, hours, months uint64
	monthDays                       monthDays
	weekDays                        weekDays
	both                            bool // both days must match, not either
}

var shorthands = map[string]string{
	"@yearly":   "0 0 1 1 *",
	"@annually": "0 0 1 1 *",
	"@monthly":  "0 0 1 * *",
	"@weekly":   "0 0 * * 0",
	"@daily":    "0 0 * * *",
	"@midnight": "0 0 * * *",
	"@hourly":   "0 * * * *",
}

func parseShorthand(b *Budget, name string, zone *time.Location) (Spec, error) {
	fields, ok := shorthands[name]
	if !ok {
		return nil, fmt.Errorf("%q is not known%s: use @hourly, @daily, @weekly, @monthly, @yearly, @every 5m, or an event of the sun such as @sunrise 52.52 13.405", name, didYouMean(formNamed(strings.Fields(name)[0])))
	}
	return parseCron(b, strings.Fields(fields), zone, Crontab)
}

// formNamed returns the form that a name stands for in other letters, "" if none.
func formNamed(name string) string {
	name = strings.ToLower(name)
	if _, ok := shorthands[name]; ok || name == "@every" || isSolar(name) {
		return name
	}
	return ""
}

// parseCron reads the five or six fields of a cron spec.
func parseCron(b *Budget, fields []string, zone *time.Location, dialect Dialect) (Spec, error) {
	c, err := readCron(fields, dialect)
	if err != nil {
		return nil, err
	}
	first, err := c.Next(b, time.Unix(0, 0).UTC())
	if err != nil {
		return nil, err
	}
	if first.IsZero() {
		fields = fields[len(fields)-3:]
		if c.both && !c.weekDays.any {
			return nil, fmt.Errorf("day of month %q never comes in month %q on day of week %q: choose days that go together", fields[0], fields[1], fields[2])
		}
		return nil, fmt.Errorf("day of month %q never comes in month %q: choose a day that these months have", fields[0], fields[1])
	}
	const everyHour = 1<<24 - 1
	return wallSpec{wall: c, everyHour: c.hours == everyHour, zone: zone}, nil
}

func readCron(fields []string, dialect Dialect) (c cron, err error) {
	switch len(fields) {
	case 5:
		fields = append([]string{"0"}, fields...)
	case 6:
	default:
		return c, fmt.Errorf("it has %d fields: a cron spec has five (minute, hour, day of month, month, day of week), or six with seconds first", len(fields))
	}
	c.both = dialect == Celery
	for i, set := range []*uint64{&c.seconds, &c.minutes, &c.hours} {
		if *set, err = cronFields[i].read(fields[i]); err != nil {
			return c, err
		}
	}
	if c.monthDays, err = readMonthDays(fields[3]); err != nil {
		return c, err
	}
	if c.months, err = monthField.read(fields[4]); err != nil {
		return c, err
	}
	c.weekDays, err = readWeekDays(fields[5])
	return c, err
}

// Next implements [Spec].
func (c cron) Next(b *Budget, after time.Time) (time.Time, error) {
	from := after.Truncate(time.Second).Add(time.Second)
	today, second := dayOf(from), secondOf(from)
	for end := today.number + searchDays; today.number <= end && today.year <= lastYear; second = 0 {
		if err := b.spend(1); err != nil {
			return time.Time{}, err
		}
		if c.months>>today.month&1 == 0 {
			today = today.nextMonth()
			continue
		}
		if c.suits(today) {
			if at, ok := c.timeFrom(second); ok {
				return today.at(at), nil
			}
		}
		today = today.next()
	}
	return time.Time{}, nil
}

// suits reports whether the fields of days match a day.
func (c cron) suits(d day) bool {
	month, week := c.monthDays.has(d), c.weekDays.has(d)
	if c.both || c.monthDays.any || c.weekDays.any {
		return month && week
	}
	return month || week
}

// timeFrom returns the first second of a day from one on that suits the fields of times.
func (c cron) timeFrom(second int) (int, bool) {
	hour, minute, second := second/3600, second/60%60, second%60
	if c.hours>>hour&1 == 1 {
		if c.minutes>>minute&1 == 1 {
			if s, ok := firstFrom(c.seconds, second); ok {
				return hour*3600 + minute*60 + s, true
			}
		}
		if m, ok := firstFrom(c.minutes, minute+1); ok {
			return hour*3600 + m*60 + bits.TrailingZeros64(c.seconds), true
		}
	}
	h, ok := firstFrom(c.hours, hour+1)
	return h*3600 + bits.TrailingZeros64(c.minutes)*60 + bits.TrailingZeros64(c.seconds), ok
}

// firstFrom returns the lowest value of a set that is at least n.
func firstFrom(set uint64, n int) (int, bool) {
	rest := set >> n << n
	return bits.TrailingZeros64(rest), rest != 0
}
