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

// oracle walks through real time minute by minute and looks at the clock on the wall.
func (c minuteCron) oracle(zone *time.Location, from, to time.Time) []time.Time {
	var ticks []time.Time
	wallAt := func(t time.Time) int64 {
		_, offset := t.In(zone).Zone()
		return t.Unix() + int64(offset)
	}
	highest := wallAt(from.Add(-time.Minute))
	last := highest
	for t := from; t.Before(to); t = t.Add(time.Minute) {
		wall := wallAt(t)
		due := c.matches(wall) && (c.hourIsStar || wall > highest)
		if jump := wall - last - 60; jump > 0 && (!c.hourIsStar || jump%3600 != 0) {
			for skipped := last + 60; skipped < wall; skipped += 60 {
				due = due || c.matches(skipped)
			}
		}
		if due {
			ticks = append(ticks, t)
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

func TestClockChangesFollowTheRules(t *testing.T) {
	zones := []string{
		"Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "America/Sao_Paulo", "Africa/Casablanca",
		"Asia/Tehran", "Asia/Gaza", "America/Caracas", "Pacific/Apia", "Pacific/Chatham", "Africa/Cairo", "Asia/Pyongyang",
	}
	r := rand.New(rand.NewPCG(1, 2))
	const margin = 28 * time.Hour
	checked := 0
	for _, name := range zones {
		zone, err := LoadZone(name)
		if err != nil {
			t.Fatal(err)
		}
		for _, change := range transitions(zone, 2006, 2027) {
			c := randomCron(r)
			spec := mustSpec(t, c.text, name)
			from, to := change.Add(-margin), change.Add(margin)
			var got []time.Time
			for tick := spec.Next(from.Add(-1)); tick.Before(to); tick = spec.Next(tick) {
				got = append(got, tick)
			}
			want := c.oracle(zone, from, to)
			if !slices.EqualFunc(got, want, time.Time.Equal) {
				t.Errorf("%q in %s around %s:\n got %v\nwant %v", c.text, name, change, got, want)
			}
			checked++
		}
	}
	if checked < 250 {
		t.Errorf("checked %d clock changes, want some hundreds", checked)
	}
}
