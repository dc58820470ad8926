package schedule

import (
	"errors"
	"fmt"
	"regexp"
	"strings"
	"time"

	"github.com/netresearch/go-cron"
)

// searchYears is how far the next tick of a cron spec may be. 29 February is the rarest
// date, and eight years apart where a century's leap year is left out.
const searchYears = 8

// cronParser reads fields only: shorthands, intervals and zones are ours.
var cronParser = cron.MustNewParser(cron.Second | cron.Minute | cron.Hour | cron.Dom | cron.Month | cron.Dow | cron.DowOrDom).
	WithMaxSearchYears(searchYears)

var shorthands = map[string]string{
	"@yearly":  "0 0 1 1 *",
	"@monthly": "0 0 1 * *",
	"@weekly":  "0 0 * * 0",
	"@daily":   "0 0 * * *",
	"@hourly":  "0 * * * *",
}

func parseShorthand(name string, zone *time.Location) (Spec, error) {
	fields, ok := shorthands[name]
	if !ok {
		return nil, fmt.Errorf("%q is not known: use @hourly, @daily, @weekly, @monthly, @yearly or @every 5m", name)
	}
	return parseCron(strings.Fields(fields), zone)
}

// cronField names a field and what it takes, for errors.
type cronField struct{ name, takes string }

var cronFields = [...]cronField{
	{"second", "0-59"},
	{"minute", "0-59"},
	{"hour", "0-23"},
	{"day of month", "1-31"},
	{"month", "1-12 or JAN-DEC"},
	{"day of week", "0-7 or SUN-SAT"},
}

const (
	hourField    = 2
	weekdayField = 5
)

// fieldPattern is a list of *, values and ranges, each with an optional step. The library
// reads more than that, such as *-5, in ways nobody would guess.
var fieldPattern = regexp.MustCompile(`^(?i:(\*|([0-9]{1,2}|[a-z]{3})(-([0-9]{1,2}|[a-z]{3}))?)(/[0-9]{1,2})?(,|$))+$`)

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
		if !fieldPattern.MatchString(field) || strings.HasSuffix(field, ",") {
			return nil, fieldError(i, field, errors.New("not a list of *, values, ranges and steps"))
		}
	}
	if err := checkWeekdaySteps(fields[weekdayField]); err != nil {
		return nil, err
	}
	parsed, err := cronParser.Parse(strings.Join(fields, " "))
	if err != nil {
		return nil, findFault(fields, err)
	}
	spec := cronSpec{
		wall:      parsed.(*cron.SpecSchedule),
		everyHour: fields[hourField] == "*",
		zone:      zone,
	}
	if spec.wall.Next(time.Unix(0, 0).UTC()).IsZero() {
		return nil, fmt.Errorf("day of month %q never comes in month %q: choose a day that these months have", fields[3], fields[4])
	}
	return spec, nil
}

// findFault names the field to blame for err: the first that is refused on its own.
func findFault(fields []string, err error) error {
	for i, field := range fields {
		alone := strings.Fields("* * * * * *")
		alone[i] = field
		if _, err := cronParser.Parse(strings.Join(alone, " ")); err != nil {
			return fieldError(i, field, err)
		}
	}
	return err
}

func fieldError(i int, field string, err error) error {
	f := cronFields[i]
	return fmt.Errorf("%s %q is not valid (%w): use %s, alone or as in 2,4 and 2-4, or * with a step as in */5", f.name, field, err, f.takes)
}

// checkWeekdaySteps refuses a stepped range of weekdays that wraps, such as FRI-MON/2:
// the library counts Sunday twice in it, as 7 and as 0.
func checkWeekdaySteps(field string) error {
	for item := range strings.SplitSeq(field, ",") {
		span, _, stepped := strings.Cut(item, "/")
		first, last, ranged := strings.Cut(span, "-")
		if !stepped || !ranged {
			continue
		}
		from, err := cronParser.Parse("* * * * * " + first)
		if err != nil {
			return fieldError(weekdayField, field, err)
		}
		to, err := cronParser.Parse("* * * * * " + last)
		if err != nil {
			return fieldError(weekdayField, field, err)
		}
		if from.(*cron.SpecSchedule).Dow > to.(*cron.SpecSchedule).Dow {
			return fmt.Errorf("day of week %q steps across the end of the week: list the days instead, as in FRI,SUN", field)
		}
	}
	return nil
}
