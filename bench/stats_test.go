package bench

import (
	"encoding/json"
	"testing"
	"time"
)

func TestPercentilesAreTheNearestRank(t *testing.T) {
	hundred := make([]time.Duration, 100)
	for i := range hundred {
		hundred[i] = time.Duration(i + 1)
	}
	for _, test := range []struct {
		sorted  []time.Duration
		percent float64
		want    time.Duration
	}{
		{hundred, 50, 50},
		{hundred, 95, 95},
		{hundred, 99, 99},
		{hundred, 100, 100},
		{hundred, 0, 1},
		{hundred[:3], 50, 2},
		{hundred[:4], 50, 2},
		{hundred[:5], 99, 5},
		{hundred[:1], 50, 1},
	} {
		if got := percentile(test.sorted, test.percent); got != test.want {
			t.Errorf("percentile %v of %d samples is %d, want %d", test.percent, len(test.sorted), got, test.want)
		}
	}
}

func TestASpreadIsMedianAndExtremes(t *testing.T) {
	for _, test := range []struct {
		values []float64
		want   Spread
	}{
		{[]float64{7}, Spread{7, 7, 7, 1}},
		{[]float64{9, 1, 4}, Spread{4, 1, 9, 3}},
		{[]float64{4, 1, 2, 9}, Spread{3, 1, 9, 4}},
	} {
		if got := spreadOf(test.values); *got != test.want {
			t.Errorf("spread of %v is %+v, want %+v", test.values, *got, test.want)
		}
	}
	if got := spreadOf(nil); got != nil {
		t.Errorf("spread of nothing is %+v, want none", *got)
	}
}

func TestARateCountsTheIntervalsBetweenTasks(t *testing.T) {
	if got := perSecond(11, 2*time.Second, 3*time.Second); got != 10 {
		t.Errorf("11 tasks, the last a second after the first: %v/s, want 10", got)
	}
	if got := perSecond(2, time.Second, time.Second); got != 0 {
		t.Errorf("two tasks at the same moment: %v/s, want 0 for unknown", got)
	}
}

func TestAPayloadHasItsSizeWhateverItsNumber(t *testing.T) {
	for _, seq := range []int{0, 9, 10, 49_999, 9_999_999} {
		payload, err := json.Marshal(newJob(seq))
		if err != nil || len(payload) != payloadSize {
			t.Errorf("payload of task %d has %d bytes (%v), want %d", seq, len(payload), err, payloadSize)
		}
	}
}
