package faults

import (
	"fmt"
	"testing"
	"time"
)

func TestAnOutageOfRedisIsWaitedOut(t *testing.T) {
	t.Parallel()
	for name, lasts := range map[string]time.Duration{"short": 5 * time.Second, "long": either(60*time.Second, 14*time.Second)} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			redis := server(t)
			r := newRig(t, 2, "redis://"+redis.Addr, "redis://"+redis.Addr)
			r.occupy(lasts)
			r.send(400)

			r.watchOutage(r.workers, lasts, redis.Stop, func() { r.revive(redis) })

			r.checkWaitedOut(r.finish(), lasts)
		})
	}
}

// A lane whose slots are all at work notices a black hole by the renewal of its leases: up to
// 3 s until the next one and 2 s without an answer to it. The short one lasts longer.
func TestABlackHoleIsWaitedOut(t *testing.T) {
	t.Parallel()
	for name, lasts := range map[string]time.Duration{"short": 8 * time.Second, "long": either(20*time.Second, 0)} {
		t.Run(name, func(t *testing.T) {
			if lasts == 0 {
				t.Skip("in the long form only")
			}
			t.Parallel()
			redis := server(t)
			network := newNetwork(t, redis.Addr)
			r := newRig(t, 2, "redis://"+redis.Addr, network.url())
			r.occupy(lasts)
			r.send(400)

			r.watchOutage(r.workers, lasts, network.swallow, network.heal)

			r.checkWaitedOut(r.finish(), lasts)
		})
	}
}

func TestAWorkerCutOffAloneLosesItsTasksToTheOthers(t *testing.T) {
	t.Parallel()
	const lasts = 15 * time.Second
	redis := server(t)
	network := newNetwork(t, redis.Addr)
	r := newRig(t, 1, "redis://"+redis.Addr, network.url())
	r.occupy(lasts) // all of it on the worker that will be cut off
	alone := r.workers[:1]
	r.order.Redis = "redis://" + redis.Addr
	r.startWorker()
	r.send(either(2000, 300))

	r.watchOutage(alone, lasts, network.swallow, network.heal)

	sum := r.finish()
	if sum.cut < len(kinds) || sum.repeats < len(kinds) {
		t.Errorf("%d attempts were cut and %d tasks done twice, want at least the %d long and the %d short ones of the worker cut off: it still had their leases",
			sum.cut, sum.repeats, len(kinds), len(kinds))
	}
}

// occupy has in every queue a task at work that ends in the middle of an outage about to
// begin, and one that runs until its end or until its worker must fence itself.
func (r *rig) occupy(lasts time.Duration) {
	r.t.Helper()
	var ids []string
	for _, kind := range kinds {
		for _, takes := range []time.Duration{3 * time.Second, min(lasts, fenceAfter+5*time.Second)} {
			id := fmt.Sprintf("%s-%d-%s", kind, len(r.sent), takes)
			r.submit(id, errand{kind: kind, Takes: takes})
			ids = append(ids, id)
		}
	}
	r.awaitBegun(ids...)
}

// checkWaitedOut checks what an outage for all workers alike may cost: as they all come
// back at once, none of them loses a lease to another.
func (r *rig) checkWaitedOut(sum account, lasts time.Duration) {
	r.t.Helper()
	if sum.repeats > 0 {
		r.t.Errorf("%d tasks were done twice, although their workers lived on", sum.repeats)
	}
	if lasts > lostAfter && sum.cut < len(kinds) {
		r.t.Errorf("%d attempts were cut, want at least the %d that ran when the leases ran out", sum.cut, len(kinds))
	}
}
