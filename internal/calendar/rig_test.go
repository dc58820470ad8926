package calendar

import (
	"testing"
	"time"
)

func mustTime(t testing.TB, text string) time.Time {
	t.Helper()
	parsed, err := time.Parse(time.RFC3339, text)
	if err != nil {
		t.Fatal(err)
	}
	return parsed
}

// parseText parses a spec with the work that it may take.
func parseText(t testing.TB, spec string, zone *time.Location) (Spec, error) {
	return Parse(NewBudget(t.Context()), spec, Options{Zone: zone})
}

// ticks is a spec that has to find each of its ticks with the work that it may take.
type ticks struct {
	t    testing.TB
	spec Spec
}

// Next returns the first tick after a moment, the zero time if there is none.
func (s ticks) Next(after time.Time) time.Time {
	s.t.Helper()
	next, err := s.spec.Next(NewBudget(s.t.Context()), after)
	if err != nil {
		s.t.Fatalf("after %s: %v", after, err)
	}
	return next
}

// list returns the first n ticks after a moment, fewer if there are no more.
func (s ticks) list(after time.Time, n int) []time.Time {
	s.t.Helper()
	var list []time.Time
	for next := s.Next(after); !next.IsZero() && len(list) < n; next = s.Next(next) {
		list = append(list, next)
	}
	return list
}

func mustSpec(t testing.TB, spec, zone string) ticks {
	t.Helper()
	return mustRead(t, spec, zone, "")
}

func mustRead(t testing.TB, spec, zone string, dialect Dialect) ticks {
	t.Helper()
	location, err := LoadZone(zone)
	if err != nil {
		t.Fatal(err)
	}
	parsed, err := Parse(NewBudget(t.Context()), spec, Options{Zone: location, Cron: dialect})
	if err != nil {
		t.Fatalf("%q: %v", spec, err)
	}
	return ticks{t, parsed}
}
