package series

import (
	"math"
	"time"
)

// Spread is how a time is spread over attempts or tasks.
type Spread struct {
	// Count is of how many it is known. With none the rest is 0.
	Count int64
	// P50 and P95 are what half of them, and 95 of 100, did not exceed. They are estimates: whatever
	// is in a bucket is taken to be spread evenly in it, on a scale of logarithms. So an estimate is
	// off by a factor of 3.2 at most, and within the first millisecond by that. Beyond 1000 seconds
	// it is 1000 seconds.
	P50, P95 time.Duration
}

// spreadOf returns the spread that a histogram tells.
func spreadOf(histogram []int64) Spread {
	var s Spread
	for _, n := range histogram {
		s.Count += n
	}
	s.P50, s.P95 = quantile(histogram, s.Count, 0.50), quantile(histogram, s.Count, 0.95)
	return s
}

// quantile estimates what a share of all did not exceed.
func quantile(histogram []int64, count int64, share float64) time.Duration {
	if count == 0 {
		return 0
	}
	rank, below := share*float64(count), 0.0
	for i, n := range histogram[:buckets-1] {
		within := float64(n)
		if n == 0 || below+within < rank {
			below += within
			continue
		}
		part := (rank - below) / within
		if i == 0 { // it begins at 0, which has no logarithm
			return time.Duration(part * float64(ends[0]))
		}
		low, high := float64(ends[i-1]), float64(ends[i])
		return time.Duration(low * math.Pow(high/low, part))
	}
	return ends[buckets-2]
}
