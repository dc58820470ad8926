package faults

import (
	"net/http"
	"testing"

	"switchyard/test/redistest"
)

func TestASentinelFailoverIsFollowed(t *testing.T) {
	t.Parallel()
	group := redistest.StartSentinel(t)
	r := newRig(t, 2, group.URL, group.URL)

	r.losesItsMaster(func() {
		r.revive(group.FailOver(t))
		group.AwaitOK(t)
	})
}

func TestAClusterLosesAMasterAndGoesOn(t *testing.T) {
	t.Parallel()
	group := redistest.StartCluster(t)
	r := newRig(t, 2, group.URL, group.URL)

	r.losesItsMaster(func() {
		r.revive(group.StopMaster(t, "asynq:{agents}:pending"))
		group.AwaitOK(t)
	})
}

// losesItsMaster has another server take over, again and again in the long form, while
// tasks run. The masters die with their replicas up to date: Redis acknowledges a write
// before it replicates it, so that others may lose what no client can give back.
func (r *rig) losesItsMaster(takeover func()) {
	r.t.Helper()
	for range either(4, 1) {
		r.occupy(fencingOutage)
		r.send(either(1000, 300))
		r.watchTakeover(takeover)
	}
	sum := r.finish()
	if sum.repeats > 0 {
		r.t.Errorf("%d tasks were done twice, although their workers lived on", sum.repeats)
	}
}

// watchTakeover has another server take over with do, and checks that workers follow as
// calmly as they wait an outage out.
func (r *rig) watchTakeover(do func()) {
	r.t.Helper()
	r.awaitReadiness(r.workers, http.StatusOK, backWithin)
	checkCalm := r.watch(r.workers)
	r.outage(r.workers, func() {
		do()
		r.awaitReadiness(r.workers, http.StatusOK, backWithin)
	})
	checkCalm()
}
