package bench

import (
	"context"
	"sync/atomic"
	"time"
)

// tally counts the tasks of one round as they are handled, and when each was for the
// first time.
type tally struct {
	began    time.Time
	at       []atomic.Int64 // nanoseconds after began; 0 while not handled
	distinct atomic.Int64   // tasks handled
	runs     atomic.Int64   // times any was
	all      chan struct{}  // closed once every task was
}

func newTally(tasks int) *tally {
	return &tally{began: time.Now(), at: make([]atomic.Int64, tasks), all: make(chan struct{})}
}

// handle notes that task seq is being handled. It is what every handler does, and all.
func (t *tally) handle(seq int) {
	t.runs.Add(1)
	if seq < 0 || seq >= len(t.at) {
		return // not one of this round: more runs than tasks give it away
	}
	if t.at[seq].CompareAndSwap(0, max(1, int64(time.Since(t.began)))) && t.distinct.Add(1) == int64(len(t.at)) {
		close(t.all)
	}
}

// tick is how often progress is told of while tasks are handled.
const tick = 200 * time.Millisecond

// await waits until every task was handled or ctx ends.
func (t *tally) await(ctx context.Context, progress func(done int)) {
	ticker := time.NewTicker(tick)
	defer ticker.Stop()
	for {
		select {
		case <-t.all:
			return
		case <-ctx.Done():
			return
		case <-ticker.C:
			progress(int(t.distinct.Load()))
		}
	}
}

// since returns how long after at task seq was handled, and false if it was not.
func (t *tally) since(seq int, at time.Time) (time.Duration, bool) {
	handled := t.at[seq].Load()
	return time.Duration(handled) - at.Sub(t.began), handled > 0
}

// ends returns when the first and the last task were handled, as time after began.
func (t *tally) ends() (first, last time.Duration) {
	for i := range t.at {
		at := time.Duration(t.at[i].Load())
		if at == 0 {
			continue
		}
		if first == 0 || at < first {
			first = at
		}
		last = max(last, at)
	}
	return first, last
}

// count returns what was counted, given what was left in the queue afterwards.
func (t *tally) count(left int) Count {
	handled := t.distinct.Load()
	return Count{Enqueued: len(t.at), Handled: int(handled), Repeated: int(t.runs.Load() - handled), Left: left}
}
