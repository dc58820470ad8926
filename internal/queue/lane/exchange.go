package lane

import (
	"math/rand/v2"
	"runtime"
	"sync"
	"time"

	"switchyard/internal/tasks"
)

// tripsAtOnce is how many round trips are under way at once: while Redis works on one, what
// it said to the other is worked on.
const tripsAtOnce = 2

// maxEnds bounds the attempts that one script ends, and with them how long others wait for
// Redis.
const maxEnds = 128

// Tasks that come in a stream are gathered: to be woken for each would cost the worker, and
// Redis, three round trips a task.
const (
	warm   = 5 * time.Millisecond // since the last task, a stream may go on
	gather = time.Millisecond     // and is looked for again after this
	stream = 3                    // so many looks in a row that find tasks make one
)

// exchange is the loop of a lane: it gives Redis the endings of attempts and gets tasks for
// the slots that are free then.
type exchange struct {
	lane *lane

	mu      sync.Mutex // guards what follows, and the state of the sources
	changed *sync.Cond // there may be something to do
	free    int        // slots for which no task is held or asked for
	full    bool       // stopped: no more are taken
	closed  bool       // and what is left is left
}

func newExchange(l *lane) *exchange {
	x := &exchange{lane: l, free: l.opts.Concurrency}
	x.changed = sync.NewCond(&x.mu)
	return x
}

// end has the ending of an attempt written.
func (x *exchange) end(e *ending) {
	x.mu.Lock()
	defer x.mu.Unlock()
	e.attempt.source.ended = append(e.attempt.source.ended, e)
	x.changed.Signal()
}

// ring has s looked at: there may be a task. woken says that a token said so. It reports
// false if the lane has no slot for a task now; it looks once it has.
func (x *exchange) ring(s *source, woken bool) bool {
	x.mu.Lock()
	defer x.mu.Unlock()
	s.rung++
	s.woken = s.woken || woken
	x.changed.Signal()
	return x.free > 0 && !x.full
}

// slots returns how many tasks the lane could take now.
func (x *exchange) slots() int {
	x.mu.Lock()
	defer x.mu.Unlock()
	if x.full {
		return 0
	}
	return x.free
}

// rests reports whether s has no task that the lane knows of, and a slot for one.
func (x *exchange) rests(s *source) bool {
	x.mu.Lock()
	defer x.mu.Unlock()
	return x.free > 0 && !x.full && !s.mayHave()
}

// takeNoMore has no more tasks taken.
func (x *exchange) takeNoMore() {
	x.mu.Lock()
	defer x.mu.Unlock()
	x.full = true
}

// close ends the loop, whatever is left to be written.
func (x *exchange) close() {
	x.mu.Lock()
	defer x.mu.Unlock()
	x.closed = true
	x.changed.Broadcast()
}

// trip is one round trip: what it ends, and how many tasks it asks for.
type trip struct {
	source *source
	ends   []*ending
	take   int
	rung   int  // of the source when it began
	woken  bool // likewise
	sent   time.Time
	mark   uint32 // of the leases of what it takes
}

// run makes round trips until the exchange is closed.
func (x *exchange) run() {
	for {
		runtime.Gosched() // lets those that are about to end join
		t := x.next()
		if t == nil {
			return
		}
		t.sent = time.Now()
		reply, err := x.lane.step(t)
		if err != nil {
			x.missed(t, err)
			continue
		}
		x.arrived(t, reply)
	}
}

// next waits until there is something to do and returns it, nil once the exchange is closed.
func (x *exchange) next() *trip {
	x.mu.Lock()
	defer x.mu.Unlock()
	for !x.closed {
		if s := x.choose(); s != nil {
			return x.board(s)
		}
		x.changed.Wait()
	}
	return nil
}

// choose returns one of the sources with something to do, in proportion to their weights.
func (x *exchange) choose() *source {
	var chosen *source
	total := 0
	for _, s := range x.lane.sources {
		if x.gathers(s) || x.follows(s) || len(s.ended) == 0 && (x.full || x.free == 0 || !s.mayHave()) {
			continue
		}
		total += s.weight
		if rand.IntN(total) < s.weight {
			chosen = s
		}
	}
	return chosen
}

// gathers reports whether what has ended in s waits for the next look: tasks come in a stream,
// that look is near, and a slot is free for them. Who sends a task and waits for its end before
// the next makes no stream.
func (x *exchange) gathers(s *source) bool {
	return s.warming && !s.mayHave() && s.row >= stream && x.free > 0 && !x.full
}

// follows reports whether what there is to do in s waits for the trip that is under way there:
// a trip costs Redis as much as several tasks, and this one would carry few.
func (x *exchange) follows(s *source) bool {
	much := len(s.ended)
	if s.mayHave() {
		much += x.free
	}
	return s.trips > 0 && much < x.lane.opts.Concurrency/2 && !x.full
}

// board fills a trip. The script ends attempts before it takes tasks: their slots are free.
func (x *exchange) board(s *source) *trip {
	n := min(len(s.ended), maxEnds)
	if n > 0 && s.ended[0].alone {
		n = 1
	}
	t := &trip{source: s, ends: append([]*ending(nil), s.ended[:n]...), rung: s.rung, woken: s.woken}
	s.ended = append(s.ended[:0], s.ended[n:]...)
	if !x.full {
		t.take = min(x.free+n, x.lane.opts.Fetchers)
	}
	x.free += n - t.take
	s.trips++
	return t
}

// arrived deals with what Redis said.
func (x *exchange) arrived(t *trip, r stepReply) {
	l := x.lane
	l.health.reached()
	l.leases.drop(t.ends)
	full := x.account(t, r)
	for _, a := range r.taken {
		l.leases.add(a)
		if full {
			x.end(a.unbegun())
			continue
		}
		l.slots.start(a)
	}
	t.source.sayOdd(r.odd)
	l.sayTrimmed(t.source, r.trimmed)
	for _, e := range t.ends {
		l.report(e, r.lost)
	}
}

// account keeps the books of the slots and of where there may be tasks. It reports whether
// the lane has stopped meanwhile.
func (x *exchange) account(t *trip, r stepReply) (full bool) {
	x.mu.Lock()
	defer x.mu.Unlock()
	s, got := t.source, len(r.taken)
	s.trips--
	x.free += t.take - got
	switch {
	case got > 0:
		s.found = t.sent
		s.row++
	case t.take > 0:
		s.row = 0
	}
	x.tend(s, t, got)
	switch {
	case t.take == 0:
	case got == t.take || r.more:
		s.rung++
	default:
		s.looked = max(s.looked, t.rung)
		x.rest(s)
	}
	x.changed.Signal()
	return x.full
}

// tendEvery is how often a lane that finds tasks looks for what is due: busy workers take no
// tokens, which would tell of it.
const tendEvery = 200 * time.Millisecond

// tend nudges the forwarder: at times, and when a token was none of a task that waits.
func (x *exchange) tend(s *source, t *trip, got int) {
	inVain := t.woken && got < t.take
	if inVain || got > 0 && time.Since(s.tended) >= tendEvery {
		s.tended, s.woken = t.sent, s.woken && !inVain
		s.forwarder.nudge()
	}
}

// rest has a source without a task looked at again soon, if tasks come in a stream, or waits
// for a token.
func (x *exchange) rest(s *source) {
	if s.mayHave() || s.warming || x.full {
		return
	}
	if time.Since(s.found) >= warm {
		s.rope.listen(s)
		return
	}
	s.warming = true
	time.AfterFunc(gather, func() {
		x.mu.Lock()
		defer x.mu.Unlock()
		s.warming = false
		s.rung++
		x.changed.Signal()
	})
}

// missed puts back what a trip was to bring about. A script that fails by its own fault says
// nothing about Redis: the endings then go one by one, so that one that cannot be written
// holds up no other.
func (x *exchange) missed(t *trip, err error) {
	l := x.lane
	fault := l.health.failed(err)
	if fault && len(t.ends) == 1 {
		l.giveUp(t.ends[0], err)
		t.ends = nil // its slot is free
	}
	x.mu.Lock()
	t.source.trips--
	x.free += t.take - len(t.ends)
	for _, e := range t.ends {
		e.tries++
		e.alone = e.alone || fault
	}
	t.source.ended = append(t.ends, t.source.ended...)
	x.mu.Unlock()
	l.health.await(l.exit)
	_ = tasks.Sleep(l.exit, retryEvery)
}
