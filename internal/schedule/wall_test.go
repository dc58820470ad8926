package schedule

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"
)

// minuteCron is a cron spec as sets of what matches, for an oracle that shares no code
// with the scheduler.
type minuteCron struct {
	text          string
	minutes       [60]bool
	hours         [24]bool
	weekdays      [7]bool
	hourIsStar    bool
	weekdayIsStar bool
}

func (c minuteCron) matches(wall int64) bool {
	t := time.Unix(wall, 0).UTC()
	return c.minutes[t.Minute()] && c.hours[t.Hour()] && (c.weekdayIsStar || c.weekdays[t.Weekday()])
}

// randomCron makes a spec of random lists; every other one has * for its hour.
func randomCron(r *rand.Rand) minuteCron {
	c := minuteCron{hourIsStar: r.IntN(2) == 0, weekdayIsStar: r.IntN(4) > 0}
	pick := func(set []bool, count int) string {
		var items []string
		for range count {
			i := r.IntN(len(set))
			set[i] = true
			items = append(items, fmt.Sprint(i))
		}
		return strings.Join(items, ",")
	}
	minute, hour, weekday := pick(c.minutes[:], 1+r.IntN(4)), "*", "*"
	if c.hourIsStar {
		c.hours = [24]bool(slices.Repeat([]bool{true}, 24))
	} else {
		hour = pick(c.hours[:4], 1+r.IntN(3)) // where clocks change
		hour += "," + pick(c.hours[:], 1)
	}
	if !c.weekdayIsStar {
		weekday = pick(c.weekdays[:], 4)
	}
	c.text = fmt.Sprintf("%s %s * * %s", minute, hour, weekday)
	return c
}

// wallClock returns what the clock on the wall shows at each minute from one before from
// until to.
func wallClock(zone *time.Location, from, to time.Time) []int64 {
	var shown []int64
	for t := from.Add(-time.Minute); t.Before(to); t = t.Add(time.Minute) {
		_, offset := t.In(zone).Zone()
		shown = append(shown, t.Unix()+int64(offset))
	}
	return shown
}

// oracle looks at the clock on the wall minute by minute, the first at from.
func (c minuteCron) oracle(shown []int64, from time.Time) []time.Time {
	var ticks []time.Time
	last, highest := shown[0], shown[0]
	for i, wall := range shown[1:] {
		due := c.matches(wall) && (c.hourIsStar || wall > highest)
		if jump := wall - last - 60; jump > 0 && (!c.hourIsStar || jump%3600 != 0) {
			for skipped := last + 60; skipped < wall; skipped += 60 {
				due = due || c.matches(skipped)
			}
		}
		if due {
			ticks = append(ticks, from.Add(time.Duration(i)*time.Minute))
		}
		last, highest = wall, max(highest, wall)
	}
	return ticks
}

// transitions returns the clock changes of a zone in some years.
func transitions(zone *time.Location, from, to int) []time.Time {
	var changes []time.Time
	end := time.Date(to, 1, 1, 0, 0, 0, 0, zone)
	for t := time.Date(from, 1, 1, 0, 0, 0, 0, zone); ; {
		_, t = t.ZoneBounds()
		if t.IsZero() || t.After(end) {
			return changes
		}
		changes = append(changes, t)
	}
}

// daily is a time of day, and hourly a minute of each hour, as cron and as an RRULE.
func daily(hour, minute int) []minuteCron {
	c := minuteCron{weekdayIsStar: true}
	c.minutes[minute], c.hours[hour] = true, true
	rule := c
	c.text = fmt.Sprintf("%d %d * * *", minute, hour)
	rule.text = fmt.Sprintf("DTSTART:20150101T%02d%02d00 RRULE:FREQ=DAILY", hour, minute)
	return []minuteCron{c, rule}
}

func hourly(minute int) []minuteCron {
	c := minuteCron{weekdayIsStar: true, hourIsStar: true, hours: [24]bool(slices.Repeat([]bool{true}, 24))}
	c.minutes[minute] = true
	rule := c
	c.text = fmt.Sprintf("%d * * * *", minute)
	rule.text = fmt.Sprintf("DTSTART:20150101T00%02d00 RRULE:FREQ=HOURLY", minute)
	return []minuteCron{c, rule}
}

// around returns specs that are due about when a clock changes: at the edges of what it
// skips or repeats, within it, and at random.
func around(r *rand.Rand, change time.Time) []minuteCron {
	specs := slices.Concat(daily(0, 0), hourly(0), hourly(30), hourly(59))
	for _, wall := range []time.Time{change, change.Add(-time.Minute), change.Add(-30 * time.Minute), change.Add(30 * time.Minute)} {
		for _, offset := range []time.Duration{0, time.Hour, -time.Hour} {
			at := wall.Add(offset)
			specs = append(specs, daily(at.Hour(), at.Minute())...)
		}
	}
	for range 4 {
		specs = append(specs, randomCron(r))
	}
	return specs
}

func TestClockChangesFollowTheRules(t *testing.T) {
	zones := []string{
		"Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "America/Sao_Paulo", "Africa/Casablanca",
		"Asia/Tehran", "Asia/Gaza", "America/Havana", "Pacific/Auckland", "Pacific/Chatham", "Africa/Cairo", "Pacific/Apia",
	}
	r := rand.New(rand.NewPCG(1, 2))
	const margin = 26 * time.Hour
	changes := 0
	for _, name := range zones {
		zone, err := LoadZone(name)
		if err != nil {
			t.Fatal(err)
		}
		for _, change := range transitions(zone, 2016, 2036) {
			changes++
			from, to := change.Add(-margin), change.Add(margin)
			shown := wallClock(zone, from, to)
			for _, c := range around(r, change) {
				spec := mustSpec(t, c.text, name)
				var got []time.Time
				for tick := spec.Next(from.Add(-1)); tick.Before(to); tick = spec.Next(tick) {
					got = append(got, tick)
				}
				want := c.oracle(shown, from)
				if !slices.EqualFunc(got, want, time.Time.Equal) {
					t.Errorf("%q in %s around %s:\n got %v\nwant %v", c.text, name, change, got, want)
				}
			}
		}
	}
	if changes < 300 {
		t.Errorf("checked %d clock changes, want some hundreds", changes)
	}
}
