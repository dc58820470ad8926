package faults

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"switchyard/internal/tasks"
)

const (
	drain = 2 * time.Second
	// exitWithin is how long after its deadline a worker may take to exit: long for the
	// sake of a busy machine, and yet shorter than what is not to hold it up.
	exitWithin = 5 * time.Second
)

func TestADrainHandsUnfinishedTasksBackInTime(t *testing.T) {
	t.Parallel()
	redis := server(t)
	r := newRig(t, 0, "redis://"+redis.Addr, "redis://"+redis.Addr)
	r.order.Drain = drain
	r.startWorker()
	// Errands have four slots: two end in time, one must be handed back, one is deaf to
	// that. Two more wait behind them.
	r.submit("short", errand{kind: "errand", Takes: drain / 4})
	r.submit("longer", errand{kind: "errand", Takes: drain / 2})
	r.submit("long", errand{kind: "errand", Takes: 2 * drain})
	r.submit("deaf", errand{kind: "errand", Takes: drain + 3*exitWithin, Deaf: true})
	r.awaitBegun("short", "longer", "long", "deaf")
	r.submit("behind", errand{kind: "errand"})
	r.submit("last", errand{kind: "errand"})

	worker := r.workers[0]
	r.terminate(worker)
	deadline := time.Now().Add(drain)

	pending := func() []string { return pendingErrands(t, r.system.Redis) }
	if err := eventually(time.Until(deadline)+time.Second, func() bool { return len(pending()) == 4 }); err != nil {
		t.Errorf("a second after the deadline only these wait: %v", pending())
	}
	handedBack := time.Since(deadline)
	if order := pending(); len(order) != 4 || !slices.Equal(order[2:], []string{"behind", "last"}) {
		t.Errorf("next are %v: what was handed back is not at the front", order)
	}
	for _, id := range []string{"long", "deaf"} {
		if s, _, err := r.system.Queue.Status(t.Context(), "default", id); err != nil || s.State != tasks.StateWaiting || s.Retried != 0 {
			t.Errorf("%s: %+v, %v, want it pending with no retry spent", id, s, err)
		}
	}
	r.checkExit(worker, deadline)
	t.Logf("handed back %s after the deadline", handedBack.Round(time.Millisecond))
	if !slices.ContainsFunc(worker.logLines(), func(line string) bool {
		return strings.Contains(line, "ignores its cancellation") && strings.Contains(line, `"id":"deaf"`)
	}) {
		t.Error("the deaf handler is not named in the log")
	}

	r.startWorker()
	if sum := r.finish(); sum.cut != 1 || sum.broken != 1 {
		t.Errorf("%d attempts were cut and %d broken off, want one each: of the long task and of the deaf one", sum.cut, sum.broken)
	}
}

func TestADrainWithoutRedisEndsInTime(t *testing.T) {
	t.Parallel()
	redis := server(t)
	r := newRig(t, 0, "redis://"+redis.Addr, "redis://"+redis.Addr)
	r.order.Drain = drain
	r.startWorker()
	r.submit("short", errand{kind: "errand", Takes: drain / 2})
	r.submit("long", errand{kind: "errand", Takes: 2 * drain})
	r.awaitBegun("short", "long")

	worker := r.workers[0]
	r.outage(r.workers, func() {
		redis.Stop()
		r.terminate(worker)
		r.checkExit(worker, time.Now().Add(drain))
		r.revive(redis)
	})

	r.startWorker()
	r.finish()
}

// checkExit awaits the exit of a worker told to stop.
func (r *rig) checkExit(p *process, deadline time.Time) {
	r.t.Helper()
	if err := p.awaitExit(time.Until(deadline) + exitWithin); err != nil {
		r.t.Errorf("exit: %v", err)
	}
	r.t.Logf("exited %s after the deadline", time.Since(deadline).Round(time.Millisecond))
	r.forget(p)
}

// pendingErrands returns the tasks waiting in the errands' queue, the next one first.
func pendingErrands(t *testing.T, client redis.UniversalClient) []string {
	// asynq takes from the right end.
	ids, err := client.LRange(t.Context(), "asynq:{default}:pending", 0, -1).Result()
	if err != nil {
		t.Error(err)
	}
	slices.Reverse(ids)
	return ids
}
