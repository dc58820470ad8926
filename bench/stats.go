package bench

import (
	"math"
	"slices"
	"time"
)

// Spread is a figure measured several times.
type Spread struct {
	Median float64 `json:"median"`
	Min    float64 `json:"min"`
	Max    float64 `json:"max"`
	// Times is how often it was measured. A percentile of many samples is measured once.
	Times int `json:"times"`
}

// spreadOf returns the spread of values, or nil if there are none.
func spreadOf(values []float64) *Spread {
	if len(values) == 0 {
		return nil
	}
	sorted := slices.Sorted(slices.Values(values))
	n := len(sorted)
	return &Spread{
		Median: (sorted[(n-1)/2] + sorted[n/2]) / 2,
		Min:    sorted[0],
		Max:    sorted[n-1],
		Times:  n,
	}
}

// once is the spread of a figure measured once.
func once(value float64) *Spread { return spreadOf([]float64{value}) }

// percentile returns the smallest sample that at least p percent of sorted do not exceed
// (the nearest-rank method). sorted has at least one sample.
func percentile(sorted []time.Duration, p float64) time.Duration {
	rank := int(math.Ceil(p / 100 * float64(len(sorted))))
	return sorted[max(rank, 1)-1]
}

func milliseconds(d time.Duration) float64 { return float64(d) / float64(time.Millisecond) }

// perSecond returns the rate of n tasks whose first began at first and whose last at last.
func perSecond(n int, first, last time.Duration) float64 {
	if last <= first {
		return 0
	}
	return float64(n-1) / (last - first).Seconds()
}
