package faults

import (
	"fmt"
	"math/rand/v2"
	"slices"

	"switchyard/internal/tasks"
)

// send begins to send n errands drawn by lot, and goes on while Redis is away until each
// is accepted.
func (r *rig) send(n int) {
	draws := rand.New(rand.NewPCG(r.random.Uint64(), 0))
	first := len(r.sent)
	for range n {
		r.sent = append(r.sent, fmt.Sprintf("t%05d", len(r.sent)+1))
	}
	ids := r.sent[first:]
	r.sending.Go(func() {
		for _, id := range ids {
			r.enqueue(id, drawErrand(draws))
		}
	})
}

// submit sends one errand.
func (r *rig) submit(id string, e errand) {
	r.sent = append(r.sent, id)
	r.enqueue(id, e)
}

func (r *rig) enqueue(id string, e errand) {
	err := eventually(2*patience, func() bool {
		// Sent again after an answer that was lost, it is a duplicate: the same task.
		_, err := r.system.Queue.Enqueue(r.t.Context(), e, tasks.Options{ID: id, Notify: r.notify, Batch: r.places[id]})
		return err == nil || r.t.Context().Err() != nil
	})
	if err != nil {
		r.t.Errorf("task %s was not accepted: %v", id, err)
	}
}

// awaitBegun returns once each of the tasks has begun.
func (r *rig) awaitBegun(ids ...string) {
	r.t.Helper()
	begun := func() bool {
		return !slices.ContainsFunc(ids, func(id string) bool { return !r.ledger.begun[id] })
	}
	if !r.ledger.await(patience, begun) {
		r.t.Fatalf("stuck: not all of %v have begun", ids)
	}
}

// awaitDone returns once n tasks have run to their end.
func (r *rig) awaitDone(n int) {
	r.t.Helper()
	done := 0
	if !r.ledger.await(patience, func() bool { done = len(r.ledger.done); return done >= n }) {
		r.t.Fatalf("stuck: %d tasks done of %d, of which %d were awaited", done, len(r.sent), n)
	}
}
