package lane

import (
	"context"
	"time"
)

// forwarder makes ready the tasks of a queue that are due: scheduled ones and retries.
type forwarder struct {
	nudges
	*upkeep
}

func newForwarder(u *upkeep) *forwarder { return &forwarder{newNudges(), u} }

// forwardAsk is what forward.lua is asked for.
type forwardAsk struct {
	Free int `json:"free"`
}

// look makes ready what is due, and returns how much that was and when the next task is due, 0 if none
// is in sight. The caller takes as many tasks itself as it has free slots: for these nobody is woken.
func (f *forwarder) look(ctx context.Context, free int) (moved int64, next time.Duration, err error) {
	answer, err := f.ask(ctx, forwardScript, 3, forwardAsk{free})
	if err != nil {
		f.health.failed(err)
		return 0, retryEvery, err
	}
	f.health.reached()
	f.sayOdd(answer.texts(2))
	if wait := answer.number(1); wait >= 0 {
		next = max(time.Duration(wait)*time.Millisecond, time.Nanosecond)
	}
	return answer.number(0), next, nil
}
