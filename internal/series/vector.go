package series

import (
	"math"
	"strconv"
	"strings"
	"time"

	"switchyard/internal/tasks"
)

// The parts of what is counted of a minute: attempts by their outcome, then how long tasks had waited,
// then how long attempts took.
const (
	succeeded = iota
	retried
	dead
	other
	waitHistogram
	tookHistogram = waitHistogram + buckets
	width         = tookHistogram + buckets
)

// buckets is how many parts a histogram has. They end at half decades from 1 ms to 1000 s; the last
// one has what took longer.
const buckets = 14

// ends are the upper ends of all buckets but the last.
var ends = func() (all [buckets - 1]time.Duration) {
	for i := range all {
		all[i] = time.Duration(math.Round(float64(time.Millisecond) * math.Pow(10, float64(i)/2)))
	}
	return all
}()

// bucketOf returns in which bucket a time is.
func bucketOf(d time.Duration) int {
	for i, end := range ends {
		if d <= end {
			return i
		}
	}
	return buckets - 1
}

// placeOf returns where attempts of an outcome are counted.
func placeOf(outcome tasks.Outcome) int {
	switch outcome {
	case tasks.OutcomeSucceeded:
		return succeeded
	case tasks.OutcomeRetried:
		return retried
	case tasks.OutcomeDead:
		return dead
	}
	return other
}

// vector is what is counted of one queue within a time.
type vector [width]int64

func (v *vector) add(other *vector) {
	for i, n := range other {
		v[i] += n
	}
}

// text returns the vector as it is in Redis: numbers with commas between them, without the zeros at
// the end.
func (v *vector) text() string { return join(v[:]) }

func join(numbers []int64) string {
	for len(numbers) > 0 && numbers[len(numbers)-1] == 0 {
		numbers = numbers[:len(numbers)-1]
	}
	var b []byte
	for i, n := range numbers {
		if i > 0 {
			b = append(b, ',')
		}
		b = strconv.AppendInt(b, n, 10)
	}
	return string(b)
}

const (
	// maxText bounds a field that is read, in bytes. What is longer is nobody's of ours.
	maxText = 1000
	// maxNumber bounds a number in it: sums of these are exact, in Lua, too.
	maxNumber = 1_000_000_000_000
)

// read fills numbers from a text, and leaves the rest as it is. What is no number, or out of all
// bounds, counts as nothing.
func read(text string, numbers []int64) {
	if len(text) > maxText {
		return
	}
	for i := range numbers {
		one, rest, more := strings.Cut(text, ",")
		if n, err := strconv.ParseInt(one, 10, 64); err == nil && n >= 0 && n <= maxNumber {
			numbers[i] = n
		}
		if text = rest; !more {
			return
		}
	}
}
