package schedule

import (
	"fmt"
	"slices"
	"time"

	"switchyard/internal/calendar"
)

// CatchUp says what becomes of ticks nobody enqueued in time.
type CatchUp string

// The catch-up policies.
const (
	Latest CatchUp = "latest" // only the latest of the missed ticks; the default
	None   CatchUp = "none"   // a tick more than a minute late is dropped
	All    CatchUp = "all"    // the newest of them, up to a limit
)

// DefaultCatchUpLimit is how many ticks [All] makes up for unless the entry says
// otherwise, MaxCatchUpLimit the most it may say.
const (
	DefaultCatchUpLimit = 100
	MaxCatchUpLimit     = 1000
)

// noneGrace is how late a tick of [None] may be: engines come and go within it.
const noneGrace = time.Minute

func (e Entry) checkCatchUp() error {
	switch e.CatchUp {
	case "", Latest, None, All:
	default:
		return fmt.Errorf("catch_up %.40q: use %s, %s or %s", e.CatchUp, Latest, None, All)
	}
	switch {
	case e.CatchUpLimit < 0 || e.CatchUpLimit > MaxCatchUpLimit:
		return fmt.Errorf("catch_up_limit %d: give 1 to %d, or leave it out for %d", e.CatchUpLimit, MaxCatchUpLimit, DefaultCatchUpLimit)
	case e.CatchUpLimit > 0 && e.CatchUp != All:
		return fmt.Errorf("catch_up_limit %d has no meaning with catch_up %q: set catch_up to %s, or leave the limit out", e.CatchUpLimit, e.CatchUp, All)
	case e.FreshFor < 0:
		return fmt.Errorf("fresh_for %s is negative: give how late a tick may be, such as 1h", e.FreshFor)
	}
	return nil
}

// Plan decides what to do about an entry at now, by its books, whose next tick is the
// earliest that was not yet dealt with, and its spec, between its start and its end. It
// returns the ticks to enqueue, oldest first, and the next tick then, zero if none ever
// follows.
//
// The work is bounded by the ticks returned, not by those missed: ten years of missed
// seconds are searched by bisection.
func Plan(e Entry, spec calendar.Spec, b Books, now time.Time) (ticks []time.Time, next time.Time) {
	now = now.Add(-e.Shift())
	if b.Next.IsZero() || b.Next.After(now) {
		return nil, b.Next
	}
	first := b.Next
	if oldest := e.oldest(now); first.Before(oldest) {
		first = spec.Next(oldest.Add(-1))
	}
	if !first.IsZero() && !first.After(now) {
		ticks = newest(spec, first, now, e.atOnce())
	}
	if left := e.MaxRuns - b.Runs; e.MaxRuns > 0 && left <= int64(len(ticks)) {
		return ticks[:max(left, 0)], time.Time{}
	}
	return ticks, spec.Next(now)
}

// oldest returns the time before which a tick is not worth its task at now.
func (e Entry) oldest(now time.Time) time.Time {
	var oldest time.Time
	if e.FreshFor > 0 {
		oldest = now.Add(-e.FreshFor)
	}
	if grace := now.Add(-noneGrace); e.CatchUp == None && grace.After(oldest) {
		oldest = grace
	}
	return oldest
}

// atOnce returns how many ticks may be enqueued together.
func (e Entry) atOnce() int {
	switch {
	case e.Overlap == Skip:
		return 1 // the others would overlap with it
	case e.CatchUp == All && e.CatchUpLimit > 0:
		return e.CatchUpLimit
	case e.CatchUp == All, e.CatchUp == None: // whose grace holds fewer: ticks are whole seconds
		return DefaultCatchUpLimit
	}
	return 1
}

// newest returns the last n of the ticks from first to last, oldest first. first is one.
func newest(spec calendar.Spec, first, last time.Time, n int) []time.Time {
	var ticks []time.Time
	for end := last; len(ticks) < n; {
		tick := lastTick(spec, first, end)
		ticks = append(ticks, tick)
		if !tick.After(first) {
			break
		}
		end = tick.Add(-1)
	}
	slices.Reverse(ticks)
	return ticks
}

// lastTick returns the last tick from first to end. first is one.
func lastTick(spec calendar.Spec, first, end time.Time) time.Time {
	// Invariant: tick is one, and none lies after high. Each step halves what is
	// between them, so that there are about thirty steps to ten years of seconds.
	tick, high := first, end
	for follows(spec, tick, end) {
		middle := tick.Add(high.Sub(tick) / 2)
		if follows(spec, middle, end) {
			tick = spec.Next(middle)
		} else {
			high = middle
		}
	}
	return tick
}

// follows reports whether there is a tick after a moment and not after end.
func follows(spec calendar.Spec, after, end time.Time) bool {
	next := spec.Next(after)
	return !next.IsZero() && !next.After(end)
}
