package schedule

import (
	"fmt"
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
// follows. It fails as the spec does.
func Plan(b *calendar.Budget, e Entry, spec calendar.Spec, books Books, now time.Time) (ticks []time.Time, next time.Time, err error) {
	now = now.Add(-e.Shift())
	first := books.Next
	if first.IsZero() || first.After(now) {
		return nil, first, nil
	}
	if oldest := e.oldest(now); first.Before(oldest) {
		if first, err = spec.Next(b, oldest.Add(-1)); err != nil {
			return nil, time.Time{}, err
		}
	}
	if !first.IsZero() && !first.After(now) {
		if ticks, err = calendar.Newest(b, spec, first, now, e.atOnce()); err != nil {
			return nil, time.Time{}, err
		}
	}
	if left := e.MaxRuns - books.Runs; e.MaxRuns > 0 && left <= int64(len(ticks)) {
		return ticks[:max(left, 0)], time.Time{}, nil
	}
	next, err = spec.Next(b, now)
	return ticks, next, err
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
