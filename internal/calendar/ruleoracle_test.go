package calendar

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"
)

// ruleOracle looks at one day after the other and at its hours, and asks whether they suit
// each part of an RRULE, for rules without COUNT, UNTIL and BYSETPOS. It knows RFC 5545 and
// no library.
type ruleOracle struct {
	parts map[string]string
	start time.Time
}

func newRuleOracle(rule string, start time.Time) ruleOracle {
	parts := make(map[string]string)
	for part := range strings.SplitSeq(rule, ";") {
		name, value, _ := strings.Cut(part, "=")
		parts[name] = value
	}
	return ruleOracle{parts, start}
}

// ticks returns the first of them from DTSTART until end, some hundreds at most.
func (o ruleOracle) ticks(end time.Time) []time.Time {
	var ticks []time.Time
	minutes := []string{strconv.Itoa(o.start.Minute())}
	if o.parts["BYMINUTE"] != "" {
		minutes = strings.Split(o.parts["BYMINUTE"], ",")
	}
	for day := o.start.Truncate(24 * time.Hour); day.Before(end) && len(ticks) < 200; day = day.AddDate(0, 0, 1) {
		if !o.suitsDay(day) {
			continue
		}
		for hour := day; hour.Before(day.AddDate(0, 0, 1)); hour = hour.Add(time.Hour) {
			for minute := 0; minute < 60 && o.suitsHour(hour); minute++ {
				tick := hour.Add(time.Duration(minute) * time.Minute)
				if slices.Contains(minutes, strconv.Itoa(minute)) && !tick.Before(o.start) && tick.Before(end) {
					ticks = append(ticks, tick)
				}
			}
		}
	}
	return ticks
}

func (o ruleOracle) suitsHour(t time.Time) bool {
	hour := o.listed("BYHOUR", t.Hour())
	if o.parts["BYHOUR"] == "" {
		hour = o.parts["FREQ"] == "HOURLY" || t.Hour() == o.start.Hour()
	}
	return hour && o.inPeriod(t)
}

// inPeriod reports whether t is in every INTERVAL-th period.
func (o ruleOracle) inPeriod(t time.Time) bool {
	interval, err := strconv.Atoi(o.parts["INTERVAL"])
	if err != nil {
		interval = 1
	}
	var n int
	switch o.parts["FREQ"] {
	case "YEARLY":
		n = t.Year() - o.start.Year()
	case "MONTHLY":
		n = 12*(t.Year()-o.start.Year()) + int(t.Month()) - int(o.start.Month())
	case "WEEKLY":
		n = int(o.week(t).Sub(o.week(o.start)).Hours()) / (7 * 24)
	case "DAILY":
		n = int(t.Truncate(24*time.Hour).Sub(o.start.Truncate(24*time.Hour)).Hours()) / 24
	case "HOURLY":
		n = int(t.Sub(o.start.Truncate(time.Hour)).Hours())
	}
	return n%interval == 0
}

// week returns the day that t's week begins with.
func (o ruleOracle) week(t time.Time) time.Time {
	day := t.Truncate(24 * time.Hour)
	first := "MO"
	if o.parts["WKST"] != "" {
		first = o.parts["WKST"]
	}
	for weekday(day) != first {
		day = day.AddDate(0, 0, -1)
	}
	return day
}

// weekNumbers returns the number of t's week, from the start of its year and from the end.
// A week is of the year that its fourth day is in.
func (o ruleOracle) weekNumbers(t time.Time) []int {
	if o.parts["BYWEEKNO"] == "" {
		return nil
	}
	fourth := o.week(t).AddDate(0, 0, 3)
	last := fourth
	for last.AddDate(0, 0, 7).Year() == fourth.Year() {
		last = last.AddDate(0, 0, 7)
	}
	number := func(fourth time.Time) int { return (fourth.YearDay()-1)/7 + 1 }
	return []int{number(fourth), number(fourth) - number(last) - 1}
}

func weekday(t time.Time) string { return strings.ToUpper(t.Weekday().String()[:2]) }

func (o ruleOracle) suitsDay(t time.Time) bool {
	monthEnd := time.Date(t.Year(), t.Month()+1, 0, 0, 0, 0, 0, time.UTC).Day()
	yearEnd := time.Date(t.Year(), 12, 31, 0, 0, 0, 0, time.UTC).YearDay()
	byDay := ""
	for _, name := range []string{"BYDAY", "BYMONTHDAY", "BYYEARDAY", "BYWEEKNO"} {
		byDay += o.parts[name]
	}
	if byDay == "" && !o.suitsDayOfStart(t) {
		return false
	}
	return o.listed("BYMONTH", int(t.Month())) && o.listed("BYMONTHDAY", t.Day(), t.Day()-monthEnd-1) &&
		o.listed("BYYEARDAY", t.YearDay(), t.YearDay()-yearEnd-1) &&
		o.listed("BYWEEKNO", o.weekNumbers(t)...) && o.suitsWeekday(t, monthEnd, yearEnd)
}

// suitsDayOfStart is about rules that leave the day to DTSTART.
func (o ruleOracle) suitsDayOfStart(t time.Time) bool {
	switch o.parts["FREQ"] {
	case "YEARLY":
		return t.Day() == o.start.Day() && (o.parts["BYMONTH"] != "" || t.Month() == o.start.Month())
	case "MONTHLY":
		return t.Day() == o.start.Day()
	case "WEEKLY":
		return t.Weekday() == o.start.Weekday()
	}
	return true
}

func (o ruleOracle) suitsWeekday(t time.Time, monthEnd, yearEnd int) bool {
	if o.parts["BYDAY"] == "" {
		return true
	}
	day, end := t.Day(), monthEnd
	if o.parts["FREQ"] == "YEARLY" && o.parts["BYMONTH"] == "" {
		day, end = t.YearDay(), yearEnd
	}
	for item := range strings.SplitSeq(o.parts["BYDAY"], ",") {
		name := item[len(item)-2:]
		n, _ := strconv.Atoi(item[:len(item)-2])
		if name == weekday(t) && (n == 0 || n == (day-1)/7+1 || n == (day-end)/7-1) {
			return true
		}
	}
	return false
}

// listed reports whether a part is absent or holds one of some values.
func (o ruleOracle) listed(part string, values ...int) bool {
	if o.parts[part] == "" {
		return true
	}
	for item := range strings.SplitSeq(o.parts[part], ",") {
		if n, err := strconv.Atoi(item); err == nil && slices.Contains(values, n) {
			return true
		}
	}
	return false
}

func TestRulesAreDueAsTheRFCSays(t *testing.T) {
	r := rand.New(rand.NewPCG(5, 6))
	compared, never := 0, 0
	for i := range 300 {
		rule := randomRule(r)
		if i%8 == 0 {
			rule = fmt.Sprintf("FREQ=YEARLY;BYWEEKNO=%d,%d;BYDAY=MO,TU,WE,TH,FR,SA,SU;WKST=%s", 1+i%51, -1-i%51, []string{"MO", "SU", "WE"}[i%3])
		}
		start := time.Date(2019+r.IntN(8), time.Month(1+r.IntN(12)), 1+r.IntN(31), r.IntN(24), r.IntN(60), 0, 0, time.UTC)
		if strings.Contains(rule, "BYSETPOS") {
			continue
		}
		end := start.AddDate(3, 0, 0)
		want := newRuleOracle(rule, start).ticks(end)
		parsed, err := parseText(t, "DTSTART:"+start.Format("20060102T150405")+" RRULE:"+rule, time.UTC)
		if err != nil {
			if len(want) > 0 {
				t.Errorf("%s from %s: %v, but it is due at %s", rule, start, err, want[0])
			}
			never++
			continue
		}
		spec, after := ticks{t, parsed}, start.Add(-1)
		for _, tick := range want {
			got := spec.Next(after)
			if !got.Equal(tick) {
				t.Errorf("%s from %s: after %s comes %s, want %s", rule, start, after, got, tick)
				break
			}
			after = tick
			compared++
		}
	}
	if compared < 10_000 || never > 30 {
		t.Errorf("compared %d ticks, and %d rules were refused: want more and fewer", compared, never)
	}
}
