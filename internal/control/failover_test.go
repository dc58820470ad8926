package control

import (
	"fmt"
	"testing"
	"time"

	"switchyard/test/redistest"
)

// userAt returns a user whose keys are at the master of a key, or are not.
func userAt(t *testing.T, cluster *redistest.Cluster, brake *Brake, key string, there bool) string {
	t.Helper()
	for i := range 1000 {
		user := fmt.Sprintf("u%d", i)
		if (cluster.Master(t, brake.key(user, "brake")).Addr == cluster.Master(t, key).Addr) == there {
			return user
		}
	}
	t.Fatal("no such user")
	return ""
}

func TestAPauseNeedsOnlyTheMasterOfItsUserAndWaitsForThat(t *testing.T) {
	cluster := redistest.StartCluster(t)
	w := idleWorker(t, redistest.Connect(t, cluster.URL))
	index := w.brake.watchedKey()
	near, far := userAt(t, cluster, w.brake, index, true), userAt(t, cluster, w.brake, index, false)
	ctx := t.Context()
	if _, err := w.operator.Status(ctx, far); err != nil { // the client knows the cluster
		t.Fatal(err)
	}
	cluster.Master(t, index).Stop()
	began := time.Now()
	if changed, r, err := w.operator.order(ctx, "pull", far, op); err != nil || !changed || r.state != Paused {
		t.Errorf("the user's own master is there: changed %v, %+v, %v", changed, r, err)
	}
	if took := time.Since(began); took > 2*time.Second {
		t.Errorf("that took %s, though nothing of the user's is away", took)
	}
	receipt, err := w.operator.Pause(ctx, near, op)
	if err != nil || !receipt.Changed || receipt.State != Paused {
		t.Errorf("the user's own master is being replaced: %+v, %v; want that waited for", receipt, err)
	}
}
