package calendar

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"github.com/teambition/rrule-go"
)

// randomRule makes the value of an RRULE without an end, mostly one that the RFC allows.
func randomRule(r *rand.Rand) string {
	list := func(n, lowest, highest int) string {
		var items []string
		for range n {
			items = append(items, fmt.Sprint(lowest+r.IntN(highest-lowest+1)))
		}
		return strings.Join(items, ",")
	}
	days := []string{"MO", "TU", "WE", "TH", "FR", "SA", "SU"}
	frequency := []string{"YEARLY", "MONTHLY", "WEEKLY", "DAILY", "HOURLY"}[r.IntN(5)]
	parts := []string{"FREQ=" + frequency}
	maybe := func(oneIn int, part string) {
		if r.IntN(oneIn) == 0 {
			parts = append(parts, part)
		}
	}
	maybe(2, fmt.Sprint("INTERVAL=", 1+r.IntN(30)))
	maybe(3, "WKST="+days[r.IntN(7)])
	maybe(3, "BYMONTH="+list(2, 1, 12))
	maybe(4, "BYHOUR="+list(2, 0, 23))
	maybe(4, "BYMINUTE="+list(2, 0, 59))
	switch r.IntN(4) {
	case 0:
		maybe(1, "BYDAY="+days[r.IntN(7)]+","+days[r.IntN(7)])
		if frequency != "WEEKLY" { // of the first week the library takes a part only
			maybe(3, "BYSETPOS="+[]string{"1", "2", "-1"}[r.IntN(3)])
		}
	case 1:
		if frequency != "WEEKLY" {
			maybe(1, "BYMONTHDAY="+[]string{list(3, 1, 31), list(2, -31, -1)}[r.IntN(2)])
		}
	case 2:
		switch frequency {
		case "YEARLY", "MONTHLY":
			maybe(1, "BYDAY="+[]string{"2MO", "-1FR", "+3WE", "5SU"}[r.IntN(4)])
		}
	case 3:
		if frequency == "YEARLY" {
			maybe(2, "BYYEARDAY="+list(2, -366, -1)+","+list(2, 1, 366))
			maybe(3, "BYWEEKNO="+list(2, 1, 51)+";BYDAY="+days[r.IntN(7)])
		}
	}
	return strings.Join(parts, ";")
}

// plain is what the library makes of a rule when it walks from DTSTART.
func plain(t *testing.T, rule string, start time.Time) *rrule.RRule {
	t.Helper()
	options, err := rrule.StrToROption(rule)
	if err != nil {
		t.Fatal(err)
	}
	options.Dtstart = start
	r, err := rrule.NewRRule(*options)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func TestStartingAtALaterPeriodLosesNothing(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 4))
	compared := 0
	for range 300 {
		rule := randomRule(r)
		start := time.Date(1995+r.IntN(10), time.Month(1+r.IntN(12)), 1+r.IntN(31), r.IntN(24), r.IntN(60), 0, 0, time.UTC)
		parsed, err := readParts(rule, start, time.UTC)
		if err != nil {
			continue // the next test is about those
		}
		got := ticks{t, parsed}
		walk := plain(t, rule, start).Iterator()
		if got.Next(start.Add(-1)).IsZero() {
			continue // the library would walk to the year 9999
		}
		after := start.Add(-1)
		for range 250 {
			want, ok := walk()
			if !ok || want.After(start.AddDate(40, 0, 0)) {
				break
			}
			if want.Equal(after) {
				continue // the library repeats what a list repeats
			}
			if tick := got.Next(after); !tick.Equal(want) {
				t.Fatalf("%s from %s: after %s comes %s, want %s", rule, start, after, tick, want)
			}
			between := after.Add(want.Sub(after) / 100 * time.Duration(r.IntN(100)))
			if tick := got.Next(between); !tick.Equal(want) {
				t.Fatalf("%s from %s: after %s comes %s, want %s", rule, start, between, tick, want)
			}
			after = want
			compared++
		}
	}
	if compared < 20_000 {
		t.Errorf("compared %d ticks, want many more", compared)
	}
}
