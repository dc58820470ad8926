package faults

import (
	"fmt"
	"testing"
	"time"

	"github.com/google/uuid"

	"switchyard/internal/batches"
	"switchyard/internal/tasks"
)

// TestABatchHearsOfEachEndAlthoughWorkersAreKilled sends tasks as one batch. What became of each is
// known in the end, although nobody who knew it may have lived to tell.
func TestABatchHearsOfEachEndAlthoughWorkersAreKilled(t *testing.T) {
	t.Parallel()
	redis := server(t)
	r := newRig(t, 4, "redis://"+redis.Addr, "redis://"+redis.Addr)
	n, kills, restarts := either(5000, 800), either(25, 6), 1
	b := batches.Batch{ID: "all", Request: uuid.New(), Created: time.Now()}
	r.places = make(map[string]string, n)
	errands := make(map[string]errand, n)
	for i := range n {
		id, e := fmt.Sprintf("t%05d", i+1), errand{kind: kinds[i%len(kinds)], Takes: drawUpTo(r.random, 20*time.Millisecond)}
		route, err := r.system.Routing.Route(e.kind)
		if err != nil {
			t.Fatal(err)
		}
		b.Members = append(b.Members, batches.Member{Queue: route.Queue, ID: id, Kind: e.kind})
		errands[id], r.places[id], r.sent = e, fmt.Sprintf("all/%d", i), append(r.sent, id)
	}
	if err := r.system.Batches.Begin(t.Context(), b); err != nil {
		t.Fatal(err)
	}
	r.sending.Go(func() {
		for _, m := range b.Members {
			r.enqueue(m.ID, errands[m.ID])
		}
	})

	for _, f := range r.drawMoments(n, kills, restarts) {
		r.awaitDone(f.done)
		if f.restart {
			r.restart(redis, drawUpTo(r.random, 3*time.Second))
		} else {
			r.killAWorker()
		}
	}
	r.finish()

	outcomes, err := r.system.Batches.Outcomes(t.Context(), b)
	if err != nil {
		t.Fatal(err)
	}
	for i, o := range outcomes {
		if o == nil || o.State != tasks.StateSucceeded {
			t.Errorf("what became of %s is %+v", b.Members[i].ID, o)
		}
	}
}
