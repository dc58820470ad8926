package series

import (
	"math"
	"strconv"
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

// maxDigits is how many digits the largest of these has.
const maxDigits = 13

// read fills numbers from a text, and leaves the rest as it is. What is no number, or out of all
// bounds, counts as nothing. A day has half a million of them: they are read in one pass.
func read(text string, numbers []int64) {
	if len(text) > maxText {
		return
	}
	place, digits, n := 0, 0, int64(0)
	for i := 0; i <= len(text) && place < len(numbers); i++ {
		switch {
		case i == len(text) || text[i] == ',':
			if digits > 0 && digits <= maxDigits && n <= maxNumber {
				numbers[place] = n
			}
			place, digits, n = place+1, 0, 0
		case text[i] < '0' || text[i] > '9' || digits >= maxDigits:
			digits = maxDigits + 1 // it is none, whatever follows
		default:
			digits, n = digits+1, 10*n+int64(text[i]-'0')
		}
	}
}
