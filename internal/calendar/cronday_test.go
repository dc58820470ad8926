package calendar

import (
	"strconv"
	"strings"
	"testing"
	"time"
)

// suitsDay reports whether a day is one of a field's, by the words of the documentation
// and no library's.
func suitsDay(field string, day time.Time) bool {
	last := time.Date(day.Year(), day.Month()+1, 0, 0, 0, 0, 0, time.UTC)
	for item := range strings.SplitSeq(field, ",") {
		name, nth, numbered := strings.Cut(item, "#")
		number, err := strconv.Atoi(strings.TrimSuffix(strings.TrimPrefix(item, "L-"), "W"))
		var suits bool
		switch {
		case item == "L":
			suits = day.Day() == last.Day()
		case item == "LW":
			suits = day.Equal(workdayNear(last))
		case strings.HasPrefix(item, "L-"):
			suits = day.Day() == last.Day()-number
		case strings.HasSuffix(item, "W"):
			suits = number <= last.Day() && day.Equal(workdayNear(day.AddDate(0, 0, number-day.Day())))
		case numbered && nth == "L":
			suits = weekdayName(day) == name && day.Day()+7 > last.Day()
		case numbered:
			suits = weekdayName(day) == name && strconv.Itoa((day.Day()-1)/7+1) == nth
		case len(item) == 4: // FRIL
			suits = weekdayName(day)+"L" == item && day.Day()+7 > last.Day()
		case err == nil:
			suits = day.Day() == number
		default:
			suits = weekdayName(day) == item
		}
		if suits {
			return true
		}
	}
	return false
}

func weekdayName(day time.Time) string { return strings.ToUpper(day.Weekday().String()[:3]) }

// workdayNear returns the working day nearest to a day, in the same month.
func workdayNear(day time.Time) time.Time {
	for _, step := range []int{0, -1, 1, -2, 2} {
		near := day.AddDate(0, 0, step)
		if near.Month() == day.Month() && near.Weekday() != time.Saturday && near.Weekday() != time.Sunday {
			return near
		}
	}
	panic("a month without a working day")
}

func TestDaysOfCronAreThoseOfTheCalendar(t *testing.T) {
	for _, days := range []struct{ month, week string }{
		{"L", "*"}, {"L-3", "*"}, {"L-30", "*"}, {"LW", "*"}, {"1W", "*"}, {"15W", "*"}, {"31W", "*"}, {"30W", "?"}, {"2,L", "*"}, {"10,20W", "*"},
		{"*", "FRI#3"}, {"*", "MON#1"}, {"?", "WED#5"}, {"*", "FRI#L"}, {"*", "SUNL"}, {"*", "MON#1,FRI#L"}, {"*", "TUE,FRI#2"},
		{"L", "MON#1"}, {"15W", "SUN"}, {"13", "FRI"}, // either suffices
	} {
		spec := mustSpec(t, "0 9 "+days.month+" * "+days.week, "")
		var want []time.Time
		first := time.Date(2024, 1, 1, 0, 0, 0, 0, time.UTC)
		for day := first; day.Year() < 2032; day = day.AddDate(0, 0, 1) {
			restricted := func(field string) bool { return field != "*" && field != "?" }
			if restricted(days.month) && suitsDay(days.month, day) || restricted(days.week) && suitsDay(days.week, day) {
				want = append(want, day.Add(9*time.Hour))
			}
		}
		after := first.Add(-1)
		for _, tick := range want {
			got := spec.Next(after)
			if !got.Equal(tick) {
				t.Errorf("day of month %s, day of week %s: after %s comes %s, want %s", days.month, days.week, after, got, tick)
				break
			}
			after = tick
		}
	}
}
