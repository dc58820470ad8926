package faults

import (
	"slices"
	"testing"
	"time"
)

func TestKilledWorkersAndARestartedRedisLoseNothing(t *testing.T) {
	t.Parallel()
	redis := server(t)
	r := newRig(t, 4, "redis://"+redis.Addr, "redis://"+redis.Addr)
	n, kills, restarts := either(20000, 1500), either(40, 6), 2

	r.send(n)
	for _, f := range r.drawMoments(n, kills, restarts) {
		r.awaitDone(f.done)
		if f.restart {
			r.restart(redis, drawUpTo(r.random, 3*time.Second))
		} else {
			r.killAWorker()
		}
	}

	if sum := r.finish(); sum.broken == 0 {
		t.Error("no kill has hit a handler: the run proves little")
	}
}

// moment is when a fault strikes: once so many tasks are done.
type moment struct {
	done    int
	restart bool // of Redis; else a worker is killed
}

// drawMoments draws when the faults of a run of n tasks strike, between its first and its
// last tenth.
func (r *rig) drawMoments(n, kills, restarts int) []moment {
	var all []moment
	for i := range kills + restarts {
		all = append(all, moment{done: n/10 + r.random.IntN(n*8/10), restart: i < restarts})
	}
	slices.SortStableFunc(all, func(a, b moment) int { return a.done - b.done })
	return all
}
