package calendar

import (
	"errors"
	"fmt"
	"regexp"
	"strings"

	"github.com/netresearch/go-cron"
)

// cronField is what a field is called, what it takes, for errors, and what its text may
// be: the library reads more than that, such as *-5, in ways nobody would guess.
type cronField struct {
	name, takes string
	pattern     *regexp.Regexp
}

var cronFields = [...]cronField{
	{"second", "0-59", listOf(number)},
	{"minute", "0-59", listOf(number)},
	{"hour", "0-23", listOf(number)},
	{"day of month", "1-31, L, L-3, LW or 15W", listOf(number, `L`, `L-`+number, `LW`, number+`W`, anyDay)},
	{"month", "1-12 or JAN-DEC", listOf(name)},
	{"day of week", "0-7, SUN-SAT, FRI#3 or FRI#L", listOf(name, name+`#([1-5]|L)`, `[a-z]{3}L`, anyDay)},
}

const (
	hourField    = 2
	weekdayField = 5
)

// Patterns of what a field may hold. anyDay is how Quartz writes * in either day.
const (
	number = `[0-9]{1,2}`
	name   = `([0-9]{1,2}|[a-z]{3})`
	anyDay = `\?`
)

// listOf matches a list of *, values and ranges, each with an optional step, and of the
// other forms.
func listOf(value string, others ...string) *regexp.Regexp {
	forms := append([]string{`(\*|` + value + `(-` + value + `)?)(/` + number + `)?`}, others...)
	item := `(` + strings.Join(forms, `|`) + `)`
	return regexp.MustCompile(`^(?i:` + item + `(,` + item + `)*)$`)
}

func (f cronField) check(text string) error {
	if !f.pattern.MatchString(text) || strings.Contains(text, "?") && text != "?" {
		return f.fault(text, errors.New("not a list of *, values, ranges and steps"))
	}
	return nil
}

func (f cronField) fault(text string, err error) error {
	return fmt.Errorf("%s %q is not valid (%w): use %s, alone or as in 2,4 and 2-4, or * with a step as in */5", f.name, text, err, f.takes)
}

// lastWeekday is how Quartz writes FRI#L. With a number in place of the name it is
// refused, since Quartz counts from Sunday as 1.
var lastWeekday = regexp.MustCompile(`(?i)\b([a-z]{3})L\b`)

// checkWeekdays refuses a stepped range of weekdays that wraps, such as FRI-MON/2: the
// library counts Sunday twice in it, as 7 and as 0.
func checkWeekdays(field string) error {
	for item := range strings.SplitSeq(field, ",") {
		span, _, stepped := strings.Cut(item, "/")
		first, last, ranged := strings.Cut(span, "-")
		if !stepped || !ranged {
			continue
		}
		from, err := cronParser.Parse("* * * * * " + first)
		if err != nil {
			return cronFields[weekdayField].fault(field, err)
		}
		to, err := cronParser.Parse("* * * * * " + last)
		if err != nil {
			return cronFields[weekdayField].fault(field, err)
		}
		if from.(*cron.SpecSchedule).Dow > to.(*cron.SpecSchedule).Dow {
			return fmt.Errorf("day of week %q steps across the end of the week: list the days instead, as in FRI,SUN", field)
		}
	}
	return nil
}
