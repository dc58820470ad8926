package faults

import (
	"math/rand/v2"
	"slices"
	"time"
)

// claimLease is how long a scheduler here may keep what it has claimed: short, so that
// many a pause outlasts it.
const claimLease = time.Second

// landing is how soon after a whole second a fault strikes: then the schedulers are at
// work.
const landing = 25 * time.Millisecond

// fault is what a strike does.
type fault string

const (
	kill    fault = "kill"    // a scheduler, and start another in its place
	pause   fault = "pause"   // a scheduler, with SIGSTOP
	resume  fault = "resume"  // it, with SIGCONT
	restart fault = "restart" // Redis, killed and started again on what it had written down
)

// strike is one fault of a run.
type strike struct {
	at    time.Duration // since its begin
	fault fault
	slot  int           // of the scheduler
	lasts time.Duration // of a restart: until Redis is started again
}

// drawStrikes draws what happens to so many schedulers in so many seconds, in its order.
// Every second one or two of them are paused or killed; Redis is restarted now and then.
func drawStrikes(random *rand.Rand, seconds, schedulers, restarts int) []strike {
	var all []strike
	for second := range seconds {
		begins := time.Duration(second) * time.Second
		for range 1 + random.IntN(2) {
			s := strike{at: begins + drawUpTo(random, landing), slot: random.IntN(schedulers), fault: kill}
			if random.Float64() < 0.7 {
				s.fault = pause
				all = append(all, strike{at: s.at + drawPause(random), slot: s.slot, fault: resume})
			}
			all = append(all, s)
		}
	}
	for i := range restarts {
		at := time.Duration((i+1)*seconds/(restarts+1))*time.Second + drawUpTo(random, landing)
		all = append(all, strike{at: at, fault: restart, lasts: drawUpTo(random, 2*time.Second)})
	}
	slices.SortStableFunc(all, func(a, b strike) int { return int(a.at - b.at) })
	return all
}

// drawPause draws how long a scheduler is paused. Most outlast its claims.
func drawPause(random *rand.Rand) time.Duration {
	switch p := random.Float64(); {
	case p < 0.25:
		return drawUpTo(random, claimLease)
	case p < 0.85:
		return claimLease + drawUpTo(random, 2*claimLease)
	}
	return 3*claimLease + drawUpTo(random, 3*claimLease)
}
