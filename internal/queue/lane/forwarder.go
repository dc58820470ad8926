package lane

import (
	"context"
	"time"
)

// forwarder makes ready the tasks of a queue that are due: scheduled ones and retries.
type forwarder struct {
	nudges
	source *source
}

func newForwarder(s *source) *forwarder { return &forwarder{source: s, nudges: newNudges()} }

// run looks at once, when a task is due, and when it is nudged, until ctx ends.
func (f *forwarder) run(ctx context.Context) { f.repeat(ctx, f.look) }

// forwardAsk is what forward.lua is asked for.
type forwardAsk struct {
	Free int `json:"free"`
}

// look makes ready what is due and returns when the next task is, 0 if none is in sight.
func (f *forwarder) look(ctx context.Context) (time.Duration, error) {
	l := f.source.lane
	answer, err := run(ctx, l.Redis, forwardScript, f.source, 3, forwardAsk{l.exchange.slots()})
	if err != nil {
		l.health.failed(err)
		return retryEvery, err
	}
	l.health.reached()
	l.sayOdd(f.source, answer.texts(2))
	if answer.number(0) > 0 {
		l.exchange.ring(f.source, false)
	}
	if wait := answer.number(1); wait >= 0 {
		return max(time.Duration(wait)*time.Millisecond, time.Nanosecond), nil
	}
	return 0, nil
}
