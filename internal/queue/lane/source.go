package lane

import (
	"sync"
	"time"

	"switchyard/internal/queue/format"
)

// source is one queue of a lane: where its tasks come from.
type source struct {
	lane   *lane
	queue  string
	keys   []string // what asynq's keys of it and ours begin with
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
	// It begins rung: whatever waits already was told to nobody.
	s := &source{lane: l, queue: queue, keys: []string{format.Key(queue, ""), format.OwnKey(queue, "")}, weight: weight, rung: 1}
	l.Metrics.begin(s)
	s.forwarder, s.rescuer, s.janitor = newForwarder(s), newRescuer(s), newJanitor(s)
	return s
}

// mayHave reports whether there may be a task that nobody has looked for.
func (s *source) mayHave() bool { return s.rung > s.looked }
