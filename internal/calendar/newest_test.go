package calendar

import (
	"slices"
	"testing"
	"time"
)

func TestNewestTicksAreThoseOfAForwardWalk(t *testing.T) {
	first := mustTime(t, "2026-03-28T00:00:00Z")
	for _, text := range []string{"7 * * * *", "*/20 1-3 * * *", "0 0 29 * *", "@every 97m"} {
		spec := mustSpec(t, text, "Europe/Berlin")
		start := spec.Next(first)
		var all []time.Time
		for tick := start; tick.Before(first.AddDate(0, 3, 0)); tick = spec.Next(tick) {
			all = append(all, tick)
		}
		for _, n := range []int{1, 2, 7, len(all) + 5} {
			got, err := Newest(NewBudget(t.Context()), spec.spec, start, first.AddDate(0, 3, 0).Add(-1), n)
			if err != nil {
				t.Fatal(err)
			}
			if want := all[max(0, len(all)-n):]; !slices.EqualFunc(got, want, time.Time.Equal) {
				t.Errorf("%s: newest %d: got %v, want %v", text, n, got, want)
			}
		}
	}
}
