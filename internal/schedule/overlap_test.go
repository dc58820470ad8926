package schedule

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"switchyard/internal/calendar"
)

func TestTicksLieBetweenStartAndEnd(t *testing.T) {
	e := newEntry("e1", "@hourly")
	e.Start, e.End = mustTime(t, "2026-01-01T10:00:00Z"), mustTime(t, "2026-01-01T13:00:00Z")
	for after, want := range map[string]string{
		"2020-01-01T00:00:00Z": "10 11 12", "2026-01-01T10:00:00Z": "11 12", "2026-01-01T12:00:00Z": "",
	} {
		ticks, err := e.NextTicks(t.Context(), mustTime(t, after), 10)
		if err != nil {
			t.Fatal(err)
		}
		var got []string
		for _, tick := range ticks {
			got = append(got, tick.Format("15"))
		}
		if strings.Join(got, " ") != want {
			t.Errorf("after %s: %v, want %s", after, got, want)
		}
	}
}

func TestMaxRunsEndsAnEntry(t *testing.T) {
	e := Entry{Spec: "@hourly", CatchUp: All, MaxRuns: 5}
	spec := mustSpec(t, e.Spec, "")
	first := mustTime(t, "2026-01-01T10:00:00Z")
	for _, test := range []struct {
		runs  int64
		ticks int
		over  bool
	}{{0, 3, false}, {1, 3, false}, {2, 3, true}, {3, 2, true}, {5, 0, true}, {9, 0, true}} {
		ticks, next := mustPlan(t, e, spec, Books{Next: first, Runs: test.runs}, first.Add(2*time.Hour))
		if len(ticks) != test.ticks || next.IsZero() != test.over {
			t.Errorf("after %d runs: %v and then %v, want %d ticks, over %v", test.runs, ticks, next, test.ticks, test.over)
		}
		if len(ticks) > 0 && !ticks[0].Equal(first) {
			t.Errorf("after %d runs the first tick is %s, want the oldest", test.runs, ticks[0])
		}
	}
}

func TestSpreadMovesEachEntryByAPartOfItsOwn(t *testing.T) {
	for _, spread := range []time.Duration{10 * time.Minute, -10 * time.Minute} {
		const entries = 60_000
		perMinute := make([]int, 10)
		for i := range entries {
			e := Entry{ID: fmt.Sprintf("briefing:user-%d", i), Spread: spread}
			shift := e.Shift()
			if shift.Abs() >= 10*time.Minute || shift != 0 && (shift < 0) != (spread < 0) || shift%time.Second != 0 {
				t.Fatalf("%s is moved by %s, want whole seconds within %s", e.ID, shift, spread)
			}
			if again := (Entry{ID: e.ID, Spread: spread}).Shift(); again != shift {
				t.Fatalf("%s is moved by %s, and then by %s", e.ID, shift, again)
			}
			perMinute[int(shift.Abs()/time.Minute)]++
		}
		// Within a tenth of a tenth, six standard deviations of an even spread and more.
		if least, most := slices.Min(perMinute), slices.Max(perMinute); least < entries/10*9/10 || most > entries/10*11/10 {
			t.Errorf("spread %s puts %v entries into each minute, want about as many", spread, perMinute)
		}
	}
	if shift := (Entry{ID: "e1"}).Shift(); shift != 0 {
		t.Errorf("without a spread it is moved by %s", shift)
	}
}

func TestASpreadTickKeepsItsNameAndIsDueLaterOrEarlier(t *testing.T) {
	for _, spread := range []time.Duration{time.Hour, -time.Hour} {
		e := newEntry("e7", "30 8 * * *")
		e.Spread, e.CatchUp = spread, None
		if e.Shift() == 0 {
			t.Fatal("choose an entry that is moved")
		}
		tick := mustTime(t, "2026-01-01T08:30:00Z")
		due := tick.Add(e.Shift())
		spec, err := e.parse(calendar.NewBudget(t.Context()))
		if err != nil {
			t.Fatal(err)
		}
		for now, want := range map[time.Time][]time.Time{
			due.Add(-time.Second):            nil,
			due:                              {tick},
			due.Add(noneGrace):               {tick},
			due.Add(noneGrace + time.Second): nil,
		} {
			if ticks, _ := mustPlan(t, e, spec, Books{Next: tick}, now); !slices.EqualFunc(ticks, want, time.Time.Equal) {
				t.Errorf("spread %s, at %s: got %v, want %v", spread, now, ticks, want)
			}
		}
		if got := (Record{e, Books{Next: tick}}).Due(); !got.Equal(due) {
			t.Errorf("spread %s: due at %s, want %s", spread, got, due)
		}
	}
}

func TestBoundsThatMakeNoSenseAreRefused(t *testing.T) {
	for want, change := range map[string]func(*Entry){
		`entry e1: overlap "often": use allow or skip`:                                                               func(e *Entry) { e.Overlap = "often" },
		"entry e1: spread 25h0m0s: give whole seconds of at most 24h0m0s, negative to spread before the time":        func(e *Entry) { e.Spread = 25 * time.Hour },
		"entry e1: spread -25h0m0s: give whole seconds of at most 24h0m0s, negative to spread before the time":       func(e *Entry) { e.Spread = -25 * time.Hour },
		"entry e1: spread 1.5s: give whole seconds of at most 24h0m0s, negative to spread before the time":           func(e *Entry) { e.Spread = 1500 * time.Millisecond },
		"entry e1: expires -1s: give how long its task may wait in whole seconds, up to 8784h0m0s, or leave it out":  func(e *Entry) { e.Expires = -time.Second },
		"entry e1: expires 1.5s: give how long its task may wait in whole seconds, up to 8784h0m0s, or leave it out": func(e *Entry) { e.Expires = 1500 * time.Millisecond },
		"entry e1: end 2201-01-01T00:00:00Z: give a year until 2200":                                                 func(e *Entry) { e.End = mustTime(t, "2201-01-01T00:00:00Z") },
		`entry e1: cron "vixie": use crontab (either day suffices) or celery (both days must match)`:                 func(e *Entry) { e.Cron = "vixie" },
		"entry e1: max_runs -1 is negative: give how often the entry runs, or leave it out":                          func(e *Entry) { e.MaxRuns = -1 },
		"entry e1: end 2026-01-02T00:00:00Z is not after start 2026-01-02T00:00:00Z: move one of them": func(e *Entry) {
			e.Start, e.End = mustTime(t, "2026-01-02T00:00:00Z"), mustTime(t, "2026-01-02T00:00:00Z")
		},
		`entry e1: preferences "[]" is not a JSON object: write one such as {"user":"u1"}`: func(e *Entry) { e.Preferences = []byte("[]") },
	} {
		e := newEntry("e1", "@daily")
		change(&e)
		if err := e.Validate(t.Context()); fmt.Sprint(err) != want {
			t.Errorf("\n got %v\nwant %s", err, want)
		}
	}
}
