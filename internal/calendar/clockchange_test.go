package calendar

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"
)

// wallTimes is a spec as sets of what matches, for an oracle that shares no code with the
// scheduler.
type wallTimes struct {
	text          string
	second        int
	minutes       [60]bool
	hours         [24]bool
	weekdays      [7]bool
	hourIsStar    bool
	weekdayIsStar bool
}

func (c wallTimes) matches(wall int64) bool {
	t := time.Unix(wall, 0).UTC()
	return t.Second() == c.second && c.minutes[t.Minute()] && c.hours[t.Hour()] && (c.weekdayIsStar || c.weekdays[t.Weekday()])
}

// randomCron makes a spec of random lists; every other one has * for its hour.
func randomCron(r *rand.Rand) wallTimes {
	c := wallTimes{hourIsStar: r.IntN(2) == 0, weekdayIsStar: r.IntN(4) > 0}
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

// wallClock returns what the clock on the wall shows at each step from one before from
// until to.
func wallClock(zone *time.Location, from, to time.Time, step time.Duration) []int64 {
	var shown []int64
	for t := from.Add(-step); t.Before(to); t = t.Add(step) {
		_, offset := t.In(zone).Zone()
		shown = append(shown, t.Unix()+int64(offset))
	}
	return shown
}

// oracle looks at the clock on the wall step by step, the first at from.
func (c wallTimes) oracle(shown []int64, from time.Time, step time.Duration) []time.Time {
	var ticks []time.Time
	seconds := int64(step / time.Second)
	last, highest := shown[0], shown[0]
	for i, wall := range shown[1:] {
		due := c.matches(wall) && (c.hourIsStar || wall > highest)
		if jump := wall - last - seconds; jump > 0 && (!c.hourIsStar || jump%3600 != 0) {
			for skipped := last + seconds; skipped < wall; skipped += seconds {
				due = due || c.matches(skipped)
			}
		}
		if due {
			ticks = append(ticks, from.Add(time.Duration(i)*step))
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

// dailySpecs is a time of day, and hourly a minute of each hour, as cron and as an RRULE.
func dailySpecs(hour, minute int) []wallTimes {
	c := wallTimes{weekdayIsStar: true}
	c.minutes[minute], c.hours[hour] = true, true
	rule := c
	c.text = fmt.Sprintf("%d %d * * *", minute, hour)
	rule.text = fmt.Sprintf("DTSTART:20150101T%02d%02d00 RRULE:FREQ=DAILY", hour, minute)
	return []wallTimes{c, rule}
}

func hourlySpecs(minute int) []wallTimes {
	c := wallTimes{weekdayIsStar: true, hourIsStar: true, hours: [24]bool(slices.Repeat([]bool{true}, 24))}
	c.minutes[minute] = true
	rule := c
	c.text = fmt.Sprintf("%d * * * *", minute)
	rule.text = fmt.Sprintf("DTSTART:20150101T00%02d00 RRULE:FREQ=HOURLY", minute)
	return []wallTimes{c, rule}
}

// everyThirdHour is a rule that is due at set times of day, although it is HOURLY.
func everyThirdHour(minute int) wallTimes {
	c := wallTimes{weekdayIsStar: true}
	c.minutes[minute] = true
	for hour := 0; hour < 24; hour += 3 {
		c.hours[hour] = true
	}
	c.text = fmt.Sprintf("DTSTART:20150101T00%02d00 RRULE:FREQ=HOURLY;INTERVAL=3", minute)
	return c
}

// weeklySpecs is a rule that is due on the weekday and at the time that at shows.
func weeklySpecs(at time.Time) wallTimes {
	c := dailySpecs(at.Hour(), at.Minute())[1]
	c.weekdayIsStar = false
	c.weekdays[at.Weekday()] = true
	c.text = strings.Replace(c.text, "DAILY", "WEEKLY;BYDAY="+weekday(at), 1)
	return c
}

// withSeconds is a time of day, and a minute of each hour, with seconds in front.
func withSeconds(at time.Time) []wallTimes {
	day, hour := dailySpecs(at.Hour(), at.Minute())[0], hourlySpecs(at.Minute())[0]
	day.second, hour.second = 15, 45
	day.text, hour.text = "15 "+day.text, "45 "+hour.text
	return []wallTimes{day, hour}
}

// around returns specs that are due about when a clock changes: at the edges of what it
// skips or repeats, within it, and at random.
func around(r *rand.Rand, change time.Time) []wallTimes {
	specs := slices.Concat(dailySpecs(0, 0), hourlySpecs(0), hourlySpecs(30), hourlySpecs(59))
	for _, wall := range []time.Time{change, change.Add(-time.Minute), change.Add(-30 * time.Minute), change.Add(30 * time.Minute)} {
		for _, offset := range []time.Duration{0, time.Hour, -time.Hour} {
			at := wall.Add(offset)
			specs = append(specs, dailySpecs(at.Hour(), at.Minute())...)
		}
		specs = append(specs, weeklySpecs(wall), everyThirdHour(wall.Minute()))
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
	for i, name := range zones {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			zone, err := LoadZone(name)
			if err != nil {
				t.Fatal(err)
			}
			r := rand.New(rand.NewPCG(1, uint64(i)))
			changes := transitions(zone, 2016, 2036)
			for n, change := range changes {
				compareAround(t, zone, change, 26*time.Hour, time.Minute, around(r, change))
				if n%8 == 0 { // a second is a small step
					compareAround(t, zone, change, 90*time.Minute, time.Second, withSeconds(change.Add(-time.Minute)))
				}
			}
			if len(changes) == 0 {
				t.Error("its clock never changes: choose a zone whose clock does")
			}
		})
	}
}

// compareAround compares the ticks of some specs with those of the oracle, from a margin
// before a clock change to a margin after it.
func compareAround(t *testing.T, zone *time.Location, change time.Time, margin, step time.Duration, specs []wallTimes) {
	t.Helper()
	from, to := change.Add(-margin), change.Add(margin)
	shown := wallClock(zone, from, to, step)
	for _, c := range specs {
		spec := mustSpec(t, c.text, zone.String())
		var got []time.Time
		for tick := spec.Next(from.Add(-1)); tick.Before(to); tick = spec.Next(tick) {
			got = append(got, tick)
		}
		want := c.oracle(shown, from, step)
		if !slices.EqualFunc(got, want, time.Time.Equal) {
			t.Errorf("%q in %s around %s:\n got %v\nwant %v", c.text, zone, change, got, want)
		}
	}
}
