package calendar

import (
	"errors"
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"
)

// mostSteps is what one tick of any spec may take, a fifth of what a budget allows: those of
// a plan share one.
const mostSteps = MaxSteps / 5

// checkTicks asks a spec for some ticks from a moment on and fails if it does not get ahead,
// takes too much work, or contradicts itself.
func checkTicks(t *testing.T, text, zone string, dialect Dialect, after time.Time) {
	t.Helper()
	location, err := LoadZone(zone)
	if err != nil {
		return
	}
	budget := NewBudget(t.Context())
	spec, err := Parse(budget, text, Options{Zone: location, Cron: dialect})
	if errors.Is(err, ErrTooMuchWork) {
		t.Fatalf("%q in %s takes too much work to read", text, zone)
	}
	if err != nil {
		return
	}
	for range 4 {
		budget := NewBudget(t.Context())
		next, err := spec.Next(budget, after)
		if err != nil || budget.Spent() > mostSteps {
			t.Fatalf("%q in %s after %s: %d steps, %v", text, zone, after, budget.Spent(), err)
		}
		if next.IsZero() {
			return
		}
		if !next.After(after) || next.Nanosecond() != 0 {
			t.Fatalf("%q in %s after %s: got %s, want a whole second after it", text, zone, after, next)
		}
		between, err := spec.Next(NewBudget(t.Context()), after.Add(next.Sub(after)/2))
		if err != nil || !between.Equal(next) {
			t.Fatalf("%q in %s: next is %s after %s, but %s after a time between the two (%v)", text, zone, next, after, between, err)
		}
		after = next
	}
}

// until2200 turns any number into a moment from 1970 to the end of 2200.
func until2200(unix int64) time.Time {
	return time.Unix(int64(uint64(unix)%7_289_654_400), 0).UTC()
}

func FuzzSpec(f *testing.F) {
	for _, seed := range []string{
		"*/5 1-3 * * MON", "0 0 29 2 *", "@every 90s", "@every 15m from 2026-11-25T10:07:30Z", "at 2030-06-01T09:00:00Z", "@daily",
		"1 2 3 4 5 6", "* * * * FRI-MON/2", "0 9 LW * FRI#3", "0 0 1-7 * mon", "@sunset 52.52 13.405", "@dawn_astronomical -66.6 179.9",
		"DTSTART:20260105T083000 RRULE:FREQ=WEEKLY;BYDAY=MO,WE;COUNT=10", "DTSTART:20261231T090000 RRULE:FREQ=YEARLY;INTERVAL=2",
		"RRULE:FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=29 DTSTART;TZID=Asia/Gaza:20240229T003000 EXDATE:20280229T003000",
		"DTSTART:20260105T083000 RRULE:FREQ=SECONDLY;INTERVAL=997;BYHOUR=3;BYMINUTE=5;BYSECOND=7;BYDAY=TU",
	} {
		f.Add(seed, "Europe/Berlin", true, int64(1774746000))
		f.Add(seed, "America/New_York", false, int64(2240524800))
	}
	f.Fuzz(func(t *testing.T, text, zone string, celery bool, unix int64) {
		dialect := Crontab
		if celery {
			dialect = Celery
		}
		checkTicks(t, text, zone, dialect, until2200(unix))
	})
}

// FuzzRandomSpec makes specs of every kind, most of which are valid, in every zone: changing
// text at random seldom makes one.
func FuzzRandomSpec(f *testing.F) {
	for seed := range uint64(50) {
		f.Add(seed, int64(seed)*140_000_000)
	}
	f.Fuzz(func(t *testing.T, seed uint64, unix int64) {
		r := rand.New(rand.NewPCG(seed, 1))
		zones := zoneNames()
		checkTicks(t, randomSpec(r), zones[r.IntN(len(zones))], []Dialect{Crontab, Celery}[r.IntN(2)], until2200(unix))
	})
}

// randomSpec makes a spec of any kind.
func randomSpec(r *rand.Rand) string {
	start := time.Date(1990+r.IntN(200), time.Month(1+r.IntN(12)), 1+r.IntN(31), r.IntN(24), r.IntN(60), r.IntN(60), 0, time.UTC)
	if r.IntN(4) == 0 { // the day that the zone library gets wrong
		start = time.Date(1992+4*r.IntN(50), 12, 31, r.IntN(24), r.IntN(60), 0, 0, time.UTC)
	}
	switch r.IntN(8) {
	case 0:
		return fmt.Sprintf("@every %ds from %s", 1+r.IntN(1_000_000), start.Format(time.RFC3339))
	case 1:
		return fmt.Sprintf("%s %.3f %.3f", randomKey(r, solarEvents), 180*r.Float64()-90, 360*r.Float64()-180)
	case 2, 3, 4:
		return randomFields(r)
	}
	rule := fmt.Sprintf("DTSTART:%s RRULE:%s", start.Format(basicWall), randomFuzzRule(r))
	if r.IntN(3) == 0 {
		rule += " RDATE:" + start.AddDate(0, 0, r.IntN(9000)).Format(basicWall)
	}
	if r.IntN(3) == 0 {
		rule += " EXDATE:" + start.AddDate(0, 0, r.IntN(90)).Format(basicWall)
	}
	return rule
}

// randomKey returns a key of a map, the same for the same random numbers.
func randomKey[V any](r *rand.Rand, m map[string]V) string {
	keys := slices.Sorted(maps.Keys(m))
	return keys[r.IntN(len(keys))]
}

// randomFields makes a cron spec.
func randomFields(r *rand.Rand) string {
	field := func(lowest, highest int, others ...string) string {
		var items []string
		for range 1 + r.IntN(2) {
			first, last, step := lowest+r.IntN(highest-lowest+1), lowest+r.IntN(highest-lowest+1), 1+r.IntN(highest-lowest+1)
			forms := append([]string{
				"*", fmt.Sprint(first), fmt.Sprintf("%d-%d", first, last), fmt.Sprintf("*/%d", step), fmt.Sprintf("%d-%d/%d", first, last, step),
			}, others...)
			items = append(items, forms[r.IntN(len(forms))])
		}
		return strings.Join(items, ",")
	}
	fields := []string{
		field(0, 59), field(0, 23), field(1, 31, "L", "L-3", "LW", "15W", "29", "31"),
		field(1, 12, "feb", "JAN"), field(0, 7, "MON#5", "FRIL", "thursday", "tue#1"),
	}
	if r.IntN(3) == 0 {
		fields = append([]string{field(0, 59)}, fields...)
	}
	return strings.Join(fields, " ")
}

// randomFuzzRule makes the value of an RRULE of any parts, allowed together or not.
func randomFuzzRule(r *rand.Rand) string {
	parts := []string{"FREQ=" + randomKey(r, frequencies)}
	maybe := func(oneIn int, part string) {
		if r.IntN(oneIn) == 0 {
			parts = append(parts, part)
		}
	}
	list := func(lowest, highest int, signed bool) string {
		var items []string
		for range 1 + r.IntN(3) {
			n := lowest + r.IntN(highest-lowest+1)
			if signed && r.IntN(3) == 0 {
				n = -n
			}
			items = append(items, fmt.Sprint(n))
		}
		return strings.Join(items, ",")
	}
	maybe(2, fmt.Sprint("INTERVAL=", 1+r.IntN(1000)))
	maybe(4, fmt.Sprint("COUNT=", 1+r.IntN(1000)))
	maybe(5, "WKST="+randomKey(r, weekdays))
	maybe(3, "BYMONTH="+list(1, 12, false))
	maybe(4, "BYMONTHDAY="+list(1, 31, true))
	maybe(6, "BYYEARDAY="+list(1, 366, true))
	maybe(3, "BYDAY="+[]string{"", "", "1", "-1", "5"}[r.IntN(5)]+randomKey(r, weekdays)+","+randomKey(r, weekdays))
	maybe(8, "BYWEEKNO="+list(1, 53, true))
	maybe(4, "BYHOUR="+list(0, 23, false))
	maybe(4, "BYMINUTE="+list(0, 59, false))
	maybe(4, "BYSECOND="+list(0, 59, false))
	maybe(5, "BYSETPOS="+list(1, 5, true))
	return strings.Join(parts, ";")
}
