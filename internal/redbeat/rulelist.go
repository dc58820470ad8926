package redbeat

import (
	"fmt"
	"strconv"
	"strings"
)

// readDays returns the parts that pick days.
func readDays(o object, freq int, changed func(string, ...any)) ([]string, error) {
	parts, err := readLists(o, "bymonth", "byweekno", "byyearday", "bymonthday")
	if err != nil {
		return nil, err
	}
	days, err := readWeekdays(o["byweekday"], freq, changed)
	if err != nil {
		return nil, err
	}
	if o["byweekno"] != nil && o["byyearday"] == nil && o["bymonthday"] == nil && len(days) == 0 {
		days = weekdays // RFC 5545 would take the day of DTSTART, dateutil takes all
	}
	if len(days) > 0 {
		parts = append(parts, "BYDAY="+strings.Join(days, ","))
	}
	return parts, nil
}

// readWeekdays returns the days of the week of a rule, as BYDAY spells them.
func readWeekdays(value any, freq int, changed func(string, ...any)) ([]string, error) {
	items, err := listOf("byweekday", value)
	if err != nil {
		return nil, err
	}
	var days []string
	numbered, lost := 0, false
	for _, item := range items {
		day, n, err := readWeekday("byweekday", item)
		if err != nil {
			return nil, err
		}
		text := weekdays[day]
		if n != 0 && freq <= monthly { // dateutil does not look at it otherwise
			text = strconv.Itoa(n) + text
			numbered++
		}
		_, marked := item.(map[string]any)
		lost = lost || marked && n == 0 && freq <= monthly
		days = append(days, text)
	}
	if numbered > 0 && numbered < len(days) {
		return nil, fmt.Errorf("byweekday %s has days with a number and without: dateutil is due only on days that are both: give an entry to each", show(value))
	}
	if lost {
		changed("byweekday %s: RedBeat loses the number of a weekday, such as MO(1), and reads it back as every one: so it moves; if one was meant, put the number into BYDAY, as in 1%s", strings.Join(days, ","), days[0])
	}
	return days, nil
}

// readWeekday returns a day of the week, Monday as 0, and its number within the month or
// year, 0 for none.
func readWeekday(name string, value any) (day, n int, err error) {
	day, ok := whole(value)
	if o, marked := value.(map[string]any); marked {
		var known, numbered bool
		day, known = whole(o["wkday"])
		n, numbered = whole(o["n"])
		ok = object(o).kind() == "weekday" && known && (numbered && n != 0 || o["n"] == nil)
	}
	if !ok || day < 0 || day >= len(weekdays) {
		return 0, 0, fmt.Errorf("%s is %s: it has to be a day from 0, Monday, to 6, Sunday", name, show(value))
	}
	return day, n, nil
}

// readLists returns the parts of those names that are set, each a list of whole numbers.
func readLists(o object, names ...string) (parts []string, err error) {
	for _, name := range names {
		items, err := listOf(name, o[name])
		if err != nil {
			return nil, err
		}
		var numbers []string
		for _, item := range items {
			n, ok := whole(item)
			if !ok {
				return nil, fmt.Errorf("%s is %s: it has to be whole numbers", name, o.show(name))
			}
			numbers = append(numbers, strconv.Itoa(n))
		}
		if len(numbers) > 0 {
			parts = append(parts, strings.ToUpper(name)+"="+strings.Join(numbers, ","))
		}
	}
	return parts, nil
}

// listOf returns the items of a value that is a list or one item, none for null.
func listOf(name string, value any) ([]any, error) {
	switch v := value.(type) {
	case nil:
		return nil, nil
	case []any:
		if len(v) == 0 {
			return nil, fmt.Errorf("%s is an empty list: it has to have a value", name)
		}
		return v, nil
	}
	return []any{value}, nil
}
