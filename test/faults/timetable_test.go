package faults

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"time"

	"switchyard/internal/schedule"
)

// tickKind is the kind of every tick's task: an errand that takes no time.
const tickKind = "tick_errand"

// line is an entry of the schedule whose ticks are known here without asking the
// schedule: the whole multiples of a period since the start of 1970, or one moment.
type line struct {
	entry  schedule.Entry
	period time.Duration
	once   time.Time // the only tick, if period is 0
}

// dueAt reports whether a moment is one of the line's ticks.
func (l line) dueAt(t time.Time) bool {
	if l.period == 0 {
		return t.Equal(l.once)
	}
	return t.UnixNano()%int64(l.period) == 0
}

// ticks returns the line's ticks from from to until, both included.
func (l line) ticks(from, until time.Time) []time.Time {
	if l.period == 0 {
		if l.once.Before(from) || l.once.After(until) {
			return nil
		}
		return []time.Time{l.once}
	}
	var all []time.Time
	first := from.Add(-1).Truncate(time.Minute) // a multiple of every period, and before from
	for t := first; !t.After(until); t = t.Add(l.period) {
		if !t.Before(from) {
			all = append(all, t)
		}
	}
	return all
}

// skips reports whether the line may leave out ticks that nobody enqueued in time. One
// that has a single tick has none to leave it out for.
func (l line) skips() bool { return l.period > 0 && l.entry.CatchUp != schedule.All }

// spelling is a way to write down a period that divides a minute. The zones are some
// whole minutes away from UTC.
type spelling struct {
	spec, zone string
	period     time.Duration
}

var (
	intervals = []spelling{
		{spec: "@every 2s", period: 2 * time.Second},
		{spec: "@every 3s", period: 3 * time.Second},
		{spec: "@every 10s", period: 10 * time.Second},
		{spec: "@every 30s", period: 30 * time.Second},
		{spec: "@every 1m", period: time.Minute},
	}
	crons = []spelling{
		{"* * * * * *", "America/St_Johns", time.Second},
		{"*/4 * * * * *", "Pacific/Chatham", 4 * time.Second},
		{"*/15 * * * * *", "Asia/Kathmandu", 15 * time.Second},
		{"0,20,40 * * * * *", "Europe/Berlin", 20 * time.Second},
		{"* * * * *", "Asia/Kolkata", time.Minute},
	}
	// Few ticks of these are left out without a reason: a busy machine is late by less.
	leavingOut = spelling{spec: "@every 5s", period: 5 * time.Second}
)

// drawTimetable draws n entries. Most are due every second, and most must make up for
// every tick they miss. Some are due once, within lasts from now on.
func drawTimetable(random *rand.Rand, n int, now time.Time, lasts time.Duration) map[string]line {
	table := make(map[string]line, n)
	for i := range n {
		id := fmt.Sprintf("e%03d", i)
		switch i % 10 {
		case 0:
			table[id] = repeated(id, intervals[random.IntN(len(intervals))], schedule.All)
		case 1:
			table[id] = repeated(id, crons[random.IntN(len(crons))], schedule.All)
		case 2:
			table[id] = repeated(id, leavingOut, schedule.Latest)
		case 3:
			table[id] = single(id, now.Truncate(time.Second).Add(time.Duration(5+random.IntN(int(lasts/time.Second)))*time.Second), i%20 == 3)
		default:
			table[id] = repeated(id, spelling{spec: "@every 1s", period: time.Second}, schedule.All)
		}
	}
	return table
}

// repeated returns a line as spelled.
func repeated(id string, s spelling, c schedule.CatchUp) line {
	l := line{entry: newEntry(id, s.spec), period: s.period}
	l.entry.Zone, l.entry.CatchUp = s.zone, c
	if c == schedule.All {
		l.entry.CatchUpLimit = schedule.MaxCatchUpLimit // more than any outage here misses
	}
	return l
}

// single returns a line that is due at one moment only, as a date or as a time of day in
// a zone whose clock never changes.
func single(id string, at time.Time, date bool) line {
	const zone = "Asia/Tokyo"
	if date {
		return line{entry: newEntry(id, "at "+at.UTC().Format(time.RFC3339)), once: at}
	}
	local := at.In(time.FixedZone(zone, 9*60*60))
	l := line{entry: newEntry(id, fmt.Sprintf("%d %d %d * * *", local.Second(), local.Minute(), local.Hour())), once: at}
	l.entry.Zone = zone
	return l
}

func newEntry(id, spec string) schedule.Entry {
	return schedule.Entry{ID: id, Spec: spec, Kind: tickKind, Payload: json.RawMessage(`{"takes":0}`), Origin: schedule.OriginAPI}
}
