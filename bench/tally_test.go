package bench

import (
	"testing"
	"testing/synctest"
	"time"
)

func TestATallyKnowsTheLostTheRepeatedAndTheForeign(t *testing.T) {
	for name, test := range map[string]struct {
		handled []int
		want    Count
	}{
		"all":      {[]int{2, 0, 1}, Count{Enqueued: 3, Handled: 3}},
		"none":     {nil, Count{Enqueued: 3}},
		"lost":     {[]int{0, 2}, Count{Enqueued: 3, Handled: 2}},
		"repeated": {[]int{0, 1, 1, 2, 1}, Count{Enqueued: 3, Handled: 3, Repeated: 2}},
		"both":     {[]int{0, 0, 2}, Count{Enqueued: 3, Handled: 2, Repeated: 1}},
		"foreign":  {[]int{0, 1, 2, 3, -1}, Count{Enqueued: 3, Handled: 3, Repeated: 2}},
	} {
		tally := newTally(3)
		for _, seq := range test.handled {
			tally.handle(seq)
		}
		if got := tally.count(0); got != test.want {
			t.Errorf("%s: %+v, want %+v", name, got, test.want)
		}
	}
}

func TestATallyTimesEachTaskByItsFirstRun(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		tally := newTally(3)
		for _, seq := range []int{1, 0, 1} {
			time.Sleep(time.Second)
			tally.handle(seq)
		}
		if first, last := tally.ends(); first != time.Second || last != 2*time.Second {
			t.Errorf("ends %s and %s, want 1s and 2s", first, last)
		}
		sent := tally.began.Add(500 * time.Millisecond)
		if wait, handled := tally.since(1, sent); !handled || wait != 500*time.Millisecond {
			t.Errorf("task 1 waited %s (handled: %v), want 500ms", wait, handled)
		}
		if _, handled := tally.since(2, sent); handled {
			t.Error("task 2 counts as handled")
		}
	})
}

func TestWaitingForATallyEndsWithItsLastTask(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		tally := newTally(2)
		go func() {
			time.Sleep(time.Second)
			tally.handle(0)
			time.Sleep(time.Second + tick/2) // between two ticks
			tally.handle(1)
		}()
		seen := 0
		tally.await(t.Context(), func(done int) { seen = done })
		if took := time.Since(tally.began); took != 2*time.Second+tick/2 || seen != 1 {
			t.Errorf("waited %s and was told of %d tasks, want 2.1s and 1", took, seen)
		}
	})
}
