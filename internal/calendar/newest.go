package calendar

import (
	"slices"
	"time"
)

// Newest returns the last n ticks of a spec from first, which is one, to a moment, oldest
// first. Its work grows with the ticks it returns and not with those in between: ten years
// of seconds are searched by leaps.
func Newest(b *Budget, spec Spec, first, until time.Time, n int) ([]time.Time, error) {
	var ticks []time.Time
	for leap := time.Second; len(ticks) < n; {
		tick, err := lastTick(b, spec, first, until, leap)
		if err != nil {
			return nil, err
		}
		ticks = append(ticks, tick)
		if !tick.After(first) {
			break
		}
		// The one before is likely as far away as this one was from the last.
		if len(ticks) > 1 {
			leap = max(leap, ticks[len(ticks)-2].Sub(tick))
		}
		until = tick.Add(-1)
	}
	slices.Reverse(ticks)
	return ticks, nil
}

// maxLeap is below what a [time.Duration] holds when doubled.
const maxLeap = 100 * 366 * 24 * time.Hour

// lastTick returns the last tick from first, which is one, to a moment. It leaps back from
// there, by leap at first and twice as far each time, until it is before a tick, and halves
// what is left.
func lastTick(b *Budget, spec Spec, first, until time.Time, leap time.Duration) (time.Time, error) {
	tick := first
	for from := until.Add(-leap); leap < maxLeap && from.After(first); from = until.Add(-leap) {
		next, err := spec.Next(b, from)
		if err != nil {
			return time.Time{}, err
		}
		if !next.IsZero() && !next.After(until) {
			tick = next
			break
		}
		leap *= 2
	}
	return halve(b, spec, tick, until)
}

// halve returns the last tick from one to a moment.
func halve(b *Budget, spec Spec, tick, until time.Time) (time.Time, error) {
	// Invariant: none lies after high and until it. Where one follows at all, it is a
	// second or more away, so that the middle is never at an end.
	for high := until; ; {
		next, err := spec.Next(b, tick)
		if err != nil || next.IsZero() || next.After(until) {
			return tick, err
		}
		for tick = next; high.Sub(tick) >= time.Second; {
			middle := tick.Add(high.Sub(tick) / 2)
			next, err := spec.Next(b, middle)
			if err != nil {
				return tick, err
			}
			if next.IsZero() || next.After(until) {
				high = middle
				break
			}
			tick = next
		}
	}
}
