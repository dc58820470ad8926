package redbeat

import (
	"fmt"
	"math"
	"time"
)

// relation says how the next tick of an entry stands to RedBeat's.
type relation int

// The relations.
const (
	agrees relation = iota
	differs
	// early is a score that is too early to tell. RedBeat scores an entry by when it was last
	// saved and not by when it is due, if it is saved, or RedBeat restarted, between two runs.
	// It looks at the entry from then on and waits until it is due.
	early
	unknown // there is nothing to compare
)

// tolerance is by how much two times that are the same may differ: RedBeat counts fractions
// of a second, and cuts them off.
const tolerance = time.Second

// compare returns how an entry's next tick stands to RedBeat's, and the difference in words.
func (m Move) compare(s Stored, now time.Time) (relation, string) {
	switch {
	case m.Next.IsZero():
		return unknown, ""
	case !s.Scheduled:
		return differs, "RedBeat does not have it in its schedule and does not run it: here it runs"
	case m.LastRun.IsZero():
		return unknown, ""
	case s.Score < 0:
		return differs, fmt.Sprintf("it is due at %s, in RedBeat never again", stamp(m.Next))
	}
	due := scoreTime(s.Score)
	switch {
	case due.Sub(m.Next).Abs() <= tolerance:
		return agrees, ""
	case !m.Next.After(now) && !due.After(now): // both have it overdue
		return agrees, ""
	case due.Before(m.Next) && !due.Before(m.LastRun):
		return early, ""
	}
	return differs, fmt.Sprintf("it is due at %s, in RedBeat at %s%s", stamp(m.Next), stamp(due), m.clockChange())
}

// clockChange says that the clocks change before the next tick, if they do.
func (m Move) clockChange() string {
	zone := m.Next.Location()
	_, before := m.LastRun.In(zone).Zone()
	if _, after := m.Next.Zone(); before == after {
		return ""
	}
	return ", which counts by the clock of its last run until its next one: the clocks change between them"
}

// scoreTime returns the moment that a score is. A time that has no year of four digits is
// the last that has.
func scoreTime(score float64) time.Time {
	const last = 253402300799
	return time.Unix(int64(math.Max(0, math.Min(score, last))), 0).UTC()
}

func stamp(t time.Time) string { return t.UTC().Format(time.RFC3339) }
