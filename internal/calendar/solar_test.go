package calendar

import (
	"fmt"
	"testing"
	"time"
)

func TestTheSunKeepsTheTimesOfTheAlmanacs(t *testing.T) {
	// As almanacs print them for these cities, to the minute.
	for _, test := range []struct{ spec, zone, day, want string }{
		{"@sunrise 51.5074 -0.1278", "Europe/London", "2026-06-21", "04:43"},
		{"@sunset 51.5074 -0.1278", "Europe/London", "2026-06-21", "21:21"},
		{"@sunrise 52.52 13.405", "Europe/Berlin", "2025-12-21", "08:15"},
		{"@sunset 52.52 13.405", "Europe/Berlin", "2025-12-21", "15:54"},
		{"@sunrise 40.7128 -74.006", "America/New_York", "2026-03-20", "06:59"},
		{"@sunset 40.7128 -74.006", "America/New_York", "2026-03-20", "19:08"},
		{"@sunrise -33.8688 151.2093", "Australia/Sydney", "2026-01-01", "05:48"},
		{"@sunset -33.8688 151.2093", "Australia/Sydney", "2026-01-01", "20:09"},
		{"@solar_noon 51.4779 0", "UTC", "2026-11-03", "11:43"},
		{"@solar_noon 51.4779 0", "UTC", "2026-02-11", "12:14"},
	} {
		zone, err := LoadZone(test.zone)
		if err != nil {
			t.Fatal(err)
		}
		want, err := time.ParseInLocation("2006-01-02 15:04", test.day+" "+test.want, zone)
		if err != nil {
			t.Fatal(err)
		}
		got := mustSpec(t, test.spec, test.zone).Next(want.Add(-6 * time.Hour))
		if got.Sub(want).Abs() > 2*time.Minute {
			t.Errorf("%s on %s: %s, want %s within two minutes", test.spec, test.day, got.In(zone), want)
		}
	}
}

// TestEverySolarDayHasItsEventOnce walks through a year around the globe.
func TestEverySolarDayHasItsEventOnce(t *testing.T) {
	start := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	const days = 366
	for event := range solarEvents {
		for longitude := -180; longitude <= 180; longitude += 60 {
			for _, latitude := range []int{-50, 0, 45} {
				spec := mustSpec(t, fmt.Sprintf("%s %d %d", event, latitude, longitude), "")
				n := 0
				for tick := spec.Next(start.Add(-1)); tick.Before(start.AddDate(0, 0, days)); n++ {
					next := spec.Next(tick)
					// The events of two days are about a day apart everywhere between the
					// polar circles; twilight in summer moves fastest.
					if gap := next.Sub(tick); gap < 22*time.Hour || gap > 26*time.Hour {
						if event != "@dawn_astronomical" && event != "@dusk_astronomical" {
							t.Fatalf("%s at %d %d: %s follows %s", event, latitude, longitude, next, tick)
						}
					}
					if next.Nanosecond() != 0 {
						t.Fatalf("%s at %d %d: %s is not a whole second", event, latitude, longitude, next)
					}
					if again := spec.Next(next.Add(-1)); !again.Equal(next) {
						t.Fatalf("%s at %d %d: just before %s the next is %s", event, latitude, longitude, next, again)
					}
					tick = next
				}
				if nightless := event == "@dawn_astronomical" || event == "@dusk_astronomical"; n < days-1 && !nightless || n > days+1 {
					t.Errorf("%s at %d %d came %d times in %d days", event, latitude, longitude, n, days)
				}
			}
		}
	}
}

func TestDaysWithoutTheSunAreLeftOut(t *testing.T) {
	// In Tromsø the sun stays below the horizon from late November until mid January, and
	// above it from late May until late July.
	spec := mustSpec(t, "@sunrise 69.6492 18.9553", "")
	if next := spec.Next(mustTime(t, "2026-12-05T00:00:00Z")); next.Before(mustTime(t, "2027-01-10T00:00:00Z")) || next.After(mustTime(t, "2027-01-20T00:00:00Z")) {
		t.Errorf("after the polar night it rises on %s, want mid January", next)
	}
	if next := spec.Next(mustTime(t, "2026-06-01T00:00:00Z")); next.Before(mustTime(t, "2026-07-20T00:00:00Z")) || next.After(mustTime(t, "2026-08-01T00:00:00Z")) {
		t.Errorf("after the polar day it rises on %s, want late July", next)
	}
}

// TestFewDaysWithAnEventAreStillAllFound asks each date on its own, where the sun may stay
// up or down for months.
func TestFewDaysWithAnEventAreStillAllFound(t *testing.T) {
	start := time.Date(2027, 1, 1, 0, 0, 0, 0, time.UTC)
	for event := range solarEvents {
		for _, longitude := range []float64{-180, -179.9, -60, 0, 100, 179.9, 180} {
			for _, latitude := range []float64{-89, -78.2, 60, 66.6, 69.6, 85} {
				s := solar{solarEvents[event], place{latitude, longitude}}
				spec := ticks{t, s}
				after := start
				for day := -1; day < 366; day++ {
					at := s.on(start.AddDate(0, 0, day))
					if !at.After(start) {
						continue // there is none on that day, or it was before
					}
					if next := spec.Next(after); !next.Equal(at) {
						t.Fatalf("%s at %v %v: after %s comes %s, want %s", event, latitude, longitude, after, next, at)
					}
					after = at
				}
			}
		}
	}
}
