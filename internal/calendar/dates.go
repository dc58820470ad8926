package calendar

import (
	"slices"
	"time"
)

// dates are moments in seconds since 1970, in order and each once.
type dates []int64

func newDates(moments []time.Time) dates {
	var d dates
	for _, moment := range moments {
		d = append(d, moment.Unix())
	}
	slices.Sort(d)
	return slices.Compact(d)
}

func (d dates) has(moment time.Time) bool {
	_, found := slices.BinarySearch(d, moment.Unix())
	return found
}

func (d dates) without(others dates) dates {
	return slices.DeleteFunc(slices.Clone(d), func(moment int64) bool {
		_, found := slices.BinarySearch(others, moment)
		return found
	})
}

// earliest returns the first of d and another moment.
func (d dates) earliest(other time.Time) time.Time {
	if len(d) > 0 && d[0] < other.Unix() {
		return time.Unix(d[0], 0).UTC()
	}
	return other
}

// Next implements [Spec].
func (d dates) Next(b *Budget, after time.Time) (time.Time, error) {
	if err := b.spend(1); err != nil {
		return time.Time{}, err
	}
	i, _ := slices.BinarySearch(d, after.Unix()+1)
	if i == len(d) {
		return time.Time{}, nil
	}
	return time.Unix(d[i], 0).UTC(), nil
}
