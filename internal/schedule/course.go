package schedule

import (
	"fmt"
	"hash/fnv"
	"time"

	"switchyard/internal/calendar"
)

// Overlap says what becomes of a tick that comes while the task of the one before still
// waits or runs.
type Overlap string

// The overlap policies.
const (
	Allow Overlap = "allow" // it is enqueued as well; the default
	Skip  Overlap = "skip"  // it is dropped
)

// MaxSpread bounds [Entry.Spread] either way.
const MaxSpread = 24 * time.Hour

func (e Entry) checkCourse() error {
	switch {
	case e.Overlap != "" && e.Overlap != Allow && e.Overlap != Skip:
		return fmt.Errorf("overlap %.40q: use %s or %s", e.Overlap, Allow, Skip)
	case e.Spread.Abs() > MaxSpread || e.Spread%time.Second != 0:
		return fmt.Errorf("spread %s: give whole seconds of at most %s, negative to spread before the time", e.Spread, MaxSpread)
	case e.MaxRuns < 0:
		return fmt.Errorf("max_runs %d is negative: give how often the entry runs, or leave it out", e.MaxRuns)
	case !e.Start.IsZero() && !e.End.IsZero() && !e.Start.Before(e.End):
		return fmt.Errorf("end %s is not after start %s: move one of them", e.End.Format(time.RFC3339), e.Start.Format(time.RFC3339))
	}
	return nil
}

// Shift returns how far each tick is moved by [Entry.Spread].
func (e Entry) Shift() time.Duration {
	window := e.Spread.Abs()
	if window < time.Second {
		return 0
	}
	h := fnv.New64a()
	_, _ = h.Write([]byte(e.ID))
	// The middle bits: the low ones choose the shard.
	shift := time.Duration(h.Sum64()>>16%uint64(window/time.Second)) * time.Second
	if e.Spread < 0 {
		return -shift
	}
	return shift
}

// bound cuts a spec's ticks at the entry's start and end.
func (e Entry) bound(spec calendar.Spec) calendar.Spec {
	if e.Start.IsZero() && e.End.IsZero() {
		return spec
	}
	return bounded{spec, e.Start, e.End}
}

// bounded is a spec between two moments, either of which may be zero.
type bounded struct {
	spec       calendar.Spec
	start, end time.Time
}

// Next implements [calendar.Spec].
func (b bounded) Next(after time.Time) time.Time {
	if !b.start.IsZero() && after.Before(b.start) {
		after = b.start.Add(-1)
	}
	next := b.spec.Next(after)
	if !b.end.IsZero() && !next.Before(b.end) {
		return time.Time{}
	}
	return next
}
