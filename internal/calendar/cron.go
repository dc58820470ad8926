package calendar

import (
	"fmt"
	"strings"
	"time"

	"github.com/netresearch/go-cron"
)

// searchYears is how far the next tick of a cron spec may be. A 29 February on a given
// weekday, as in 0 0 * 2 MON#5, is the rarest: forty years apart where a century has no
// leap year.
const searchYears = 40

// cronParser reads fields only: shorthands, intervals and zones are ours.
var cronParser = cron.MustNewParser(cron.Second | cron.Minute | cron.Hour | cron.Dom | cron.Month | cron.Dow |
	cron.DowOrDom | cron.Extended).WithMaxSearchYears(searchYears)

var shorthands = map[string]string{
	"@yearly":   "0 0 1 1 *",
	"@annually": "0 0 1 1 *",
	"@monthly":  "0 0 1 * *",
	"@weekly":   "0 0 * * 0",
	"@daily":    "0 0 * * *",
	"@midnight": "0 0 * * *",
	"@hourly":   "0 * * * *",
}

func parseShorthand(name string, zone *time.Location) (Spec, error) {
	fields, ok := shorthands[name]
	if !ok {
		return nil, fmt.Errorf("%q is not known: use @hourly, @daily, @weekly, @monthly, @yearly, @every 5m, or an event of the sun such as @sunrise 52.52 13.405", name)
	}
	return parseCron(strings.Fields(fields), zone)
}

// parseCron reads the five or six fields of a cron spec.
func parseCron(fields []string, zone *time.Location) (Spec, error) {
	switch len(fields) {
	case 5:
		fields = append([]string{"0"}, fields...)
	case 6:
	default:
		return nil, fmt.Errorf("it has %d fields: a cron spec has five (minute, hour, day of month, month, day of week), or six with seconds first", len(fields))
	}
	for i, field := range fields {
		if err := cronFields[i].check(field); err != nil {
			return nil, err
		}
	}
	if err := checkWeekdays(fields[weekdayField]); err != nil {
		return nil, err
	}
	fields[weekdayField] = lastWeekday.ReplaceAllString(fields[weekdayField], "$1#L")
	parsed, err := cronParser.Parse(strings.Join(fields, " "))
	if err != nil {
		return nil, findFault(fields, err)
	}
	if parsed.Next(time.Unix(0, 0).UTC()).IsZero() {
		return nil, fmt.Errorf("day of month %q never comes in month %q: choose a day that these months have", fields[3], fields[4])
	}
	return wallSpec{wall: parsed, everyHour: fields[hourField] == "*", zone: zone}, nil
}

// findFault names the field to blame for err: the first that is refused on its own.
func findFault(fields []string, err error) error {
	for i, field := range fields {
		alone := strings.Fields("* * * * * *")
		alone[i] = field
		if _, err := cronParser.Parse(strings.Join(alone, " ")); err != nil {
			return cronFields[i].fault(field, err)
		}
	}
	return err
}
