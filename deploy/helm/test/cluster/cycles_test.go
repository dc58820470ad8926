package cluster

import (
	"flag"
	"fmt"
	"math/rand/v2"
	"testing"
	"time"
)

var (
	cycles = flag.Int("cycles", 10, "how often the pool goes to none")
	seed   = flag.Uint64("seed", uint64(time.Now().UnixNano()), "of what is drawn")
)

// firstWithin is how long after the time of a delayed task its pool has a first replica at most.
const firstWithin = 8 * time.Second

func TestThePoolGoesToNoneUnderNoAttemptHoweverOften(t *testing.T) {
	x := scaled(t, quick)
	random := rand.New(rand.NewPCG(*seed, 0)) //nolint:gosec // nothing secret
	upTo := func(seconds float64) time.Duration {
		return time.Duration(random.Float64() * seconds * float64(time.Second))
	}
	t.Logf("-seed=%d", *seed)
	emptied := make(chan int)
	go func() {
		n := 0
		for replicas := range x.changed {
			if running := x.service.attempts(); replicas == 0 && running > 0 {
				t.Errorf("the pool goes to none under %d attempts", running)
			}
			if replicas == 0 {
				n++
			}
			select {
			case emptied <- n:
			case <-t.Context().Done():
				return
			}
		}
	}()
	for done, sent := 0, 0; done < *cycles; sent++ {
		x.send(t, "--in", fmt.Sprint(upTo(3).Round(time.Millisecond)))
		// Whether the pool is at none then, goes there, or still has a replica, the task is performed.
		var running answer
		for running == nil {
			select {
			case done = <-emptied:
			case running = <-x.service.begun:
			case <-time.After(patience):
				t.Fatalf("task %d has not begun in %s", sent, patience)
			}
		}
		for end := time.After(upTo(6)); running != nil; {
			select {
			case done = <-emptied:
			case <-end:
				running <- 204
				running = nil
			}
		}
		for rest := time.After(3*time.Second + upTo(3)); rest != nil; {
			select {
			case done = <-emptied:
			case <-rest:
				rest = nil
			}
		}
	}
}

func TestADelayedTaskHasItsFirstReplicaInTimeThoughKedaSeldomAsks(t *testing.T) {
	x := scaled(t, onceDue)
	for _, delay := range []time.Duration{20 * time.Second, 25 * time.Second, 33 * time.Second} {
		due := time.Now().Add(delay)
		x.send(t, "--in", delay.String())
		x.goes(t, 1)
		first := time.Since(due)
		running := x.begins(t, "the task")
		t.Logf("a task in %s: the first replica %s after its time, the attempt %s after it", delay, first.Round(time.Millisecond), time.Since(due).Round(time.Millisecond))
		if first > firstWithin {
			t.Errorf("the first replica is there %s after the task's time, want %s at most", first, firstWithin)
		}
		running <- 204
		x.goes(t, 0)
	}
}
