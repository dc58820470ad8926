package schedule

import (
	"slices"
	"testing"
	"time"

	"switchyard/internal/calendar"
)

func TestPlan(t *testing.T) {
	tests := []struct {
		name                     string
		entry                    Entry
		cursor, now, ticks, next string
		more                     []string // ticks after the first
	}{
		{name: "nothing is due before the cursor", entry: Entry{Spec: "@hourly"}, cursor: "10:00:00", now: "09:59:59", next: "10:00:00"},
		{name: "a tick is due at its second", entry: Entry{Spec: "@hourly"}, cursor: "10:00:00", now: "10:00:00", ticks: "10:00:00", next: "11:00:00"},
		{name: "latest takes the last of those missed", entry: Entry{Spec: "@hourly"}, cursor: "10:00:00", now: "14:30:00", ticks: "14:00:00", next: "15:00:00"},
		{name: "none takes one within a minute", entry: Entry{Spec: "@hourly", CatchUp: None}, cursor: "10:00:00", now: "10:01:00", ticks: "10:00:00", next: "11:00:00"},
		{name: "none drops one later than that", entry: Entry{Spec: "@hourly", CatchUp: None}, cursor: "10:00:00", now: "10:01:01", next: "11:00:00"},
		{name: "none keeps the tick that is in time", entry: Entry{Spec: "@hourly", CatchUp: None}, cursor: "10:00:00", now: "14:00:01", ticks: "14:00:00", next: "15:00:00"},
		{name: "all takes each", entry: Entry{Spec: "@hourly", CatchUp: All}, cursor: "10:00:00", now: "12:30:00", ticks: "10:00:00", more: []string{"11:00:00", "12:00:00"}, next: "13:00:00"},
		{name: "all takes the newest up to its limit", entry: Entry{Spec: "@hourly", CatchUp: All, CatchUpLimit: 2}, cursor: "10:00:00", now: "14:30:00", ticks: "13:00:00", more: []string{"14:00:00"}, next: "15:00:00"},
		{name: "what is not fresh is dropped", entry: Entry{Spec: "@hourly", FreshFor: 20 * time.Minute}, cursor: "10:00:00", now: "14:30:00", next: "15:00:00"},
		{name: "what is just fresh is not", entry: Entry{Spec: "@hourly", FreshFor: 30 * time.Minute}, cursor: "10:00:00", now: "14:30:00", ticks: "14:00:00", next: "15:00:00"},
		{name: "all takes only what is fresh", entry: Entry{Spec: "@hourly", CatchUp: All, FreshFor: 90 * time.Minute}, cursor: "10:00:00", now: "14:30:00", ticks: "13:00:00", more: []string{"14:00:00"}, next: "15:00:00"},
	}
	at := func(clock string) time.Time { return mustTime(t, "2026-01-01T"+clock+"Z") }
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			ticks, next := mustPlan(t, test.entry, mustSpec(t, test.entry.Spec, ""), Books{Next: at(test.cursor)}, at(test.now))
			var want []time.Time
			if test.ticks != "" {
				want = append(want, at(test.ticks))
			}
			for _, clock := range test.more {
				want = append(want, at(clock))
			}
			if !slices.EqualFunc(ticks, want, time.Time.Equal) || !next.Equal(at(test.next)) {
				t.Errorf("got %v and then %s, want %v and then %s", ticks, next, want, test.next)
			}
		})
	}
}

func TestPlanEndsWithTheSpec(t *testing.T) {
	spec := mustSpec(t, "at 2026-01-01T10:00:00Z", "")
	moment := mustTime(t, "2026-01-01T10:00:00Z")
	ticks, next := mustPlan(t, Entry{}, spec, Books{Next: moment}, moment.Add(time.Hour))
	if len(ticks) != 1 || !ticks[0].Equal(moment) || !next.IsZero() {
		t.Errorf("got %v and then %v, want the one tick and no other", ticks, next)
	}
	if ticks, next = mustPlan(t, Entry{}, spec, Books{}, moment); ticks != nil || !next.IsZero() {
		t.Errorf("without a cursor: got %v and then %v, want nothing", ticks, next)
	}
}

// countedSpec counts how often it is asked.
type countedSpec struct {
	calendar.Spec
	asked int
}

func (c *countedSpec) Next(b *calendar.Budget, after time.Time) (time.Time, error) {
	c.asked++
	return c.Spec.Next(b, after)
}

func TestTenYearsOfMissedSecondsCostLittle(t *testing.T) {
	now := mustTime(t, "2026-01-01T00:00:00Z")
	tests := []struct {
		entry Entry
		ticks int
		asked int
	}{
		{Entry{}, 1, 200},
		{Entry{CatchUp: None}, 61, 20_000},
		{Entry{CatchUp: All}, 100, 30_000},
	}
	for _, spec := range []string{"* * * * * *", "* * * 1 1 *"} {
		for _, test := range tests {
			counted := &countedSpec{Spec: mustSpec(t, spec, "Europe/Berlin")}
			ticks, _ := mustPlan(t, test.entry, counted, Books{Next: nextTick(t, counted.Spec, now.AddDate(-10, 0, 0))}, now)
			if test.entry.CatchUp != None && len(ticks) != test.ticks {
				t.Errorf("%s, catch up %q: got %d ticks, want %d", spec, test.entry.CatchUp, len(ticks), test.ticks)
			}
			if counted.asked > test.asked {
				t.Errorf("%s, catch up %q: asked for the next tick %d times, want at most %d", spec, test.entry.CatchUp, counted.asked, test.asked)
			}
			if !slices.IsSortedFunc(ticks, time.Time.Compare) {
				t.Errorf("%s, catch up %q: ticks are not in order", spec, test.entry.CatchUp)
			}
		}
	}
}
