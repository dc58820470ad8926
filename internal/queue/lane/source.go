package lane

import (
	"context"
	"sync"
	"time"
)

// source is one queue of a lane: where its tasks come from.
type source struct {
	*upkeep
	lane   *lane
	weight int
	kinds  sync.Map // of *kind, by name

	forwarder *forwarder
	rescuer   *rescuer
	janitor   *janitor
	rope      *rope // of the doorbell

	// What follows is guarded by the mutex of the lane's exchange.
	trips   int       // under way
	ended   []*ending // not written yet, oldest first
	rung    int       // how often it was said that there may be a task
	looked  int       // up to which of these none was left
	found   time.Time // when the last task was
	row     int       // how many looks for tasks have found some since one found none
	warming bool      // it is looked at again soon
	woken   bool      // by a token, which may have been left for a task that is due later
	tended  time.Time // when the forwarder was last nudged
}

func newSource(l *lane, queue string, weight int) *source {
	u := newUpkeep(l.Redis, queue, l.opts.PerUser, l.health, l.Metrics.mends, l.Log)
	// It begins rung: whatever waits already was told to nobody.
	s := &source{upkeep: u, lane: l, weight: weight, rung: 1}
	l.Metrics.begin(s)
	s.forwarder, s.rescuer, s.janitor = newForwarder(u), newRescuer(u), newJanitor(s)
	return s
}

// mayHave reports whether there may be a task that nobody has looked for.
func (s *source) mayHave() bool { return s.rung > s.looked }

// forward makes ready what is due and returns when the next task is, 0 if none is in sight.
func (s *source) forward(ctx context.Context) (time.Duration, error) {
	moved, wait, err := s.forwarder.look(ctx, s.lane.exchange.slots())
	if moved > 0 {
		s.lane.exchange.ring(s, false)
	}
	return wait, err
}
