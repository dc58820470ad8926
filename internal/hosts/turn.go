package hosts

import (
	"context"
	"fmt"
	"math/rand/v2"
	"time"
)

const (
	// mostRefusals is how often a host may refuse a task before that counts as a failure.
	mostRefusals = 10
	// mostRefused is for how long it may.
	mostRefused = 24 * time.Hour
)

// Turn is a task's turn at a host. It is for one goroutine.
type Turn struct {
	Host  Host
	turns *Turns
	ask   enterAsk
	ends  int64 // of its lease, in ms by Redis's clock: no other turn of the task ends then
	began time.Time
	last  time.Time
}

// Asks notes that the host is asked now. All that a task asks a host for in a row is one turn; the
// next one is spaced from the last request.
func (t *Turn) Asks() { t.last = time.Now() }

// Knows notes that the task has learned what delay the host wants, 0 for none, and
// asks for its page only now.
func (t *Turn) Knows(ctx context.Context, delay time.Duration) error {
	ask := leaveAsk{enterAsk: t.ask, Delay: delay.Milliseconds()}
	if _, err := t.turns.run(ctx, asksScript, t.Host.Name, ask, 1); err != nil {
		return fmt.Errorf("space the turns at %s: %w", t.Host.Name, err)
	}
	t.Asks()
	return nil
}

// Visit is what came of a turn.
type Visit struct {
	Answered bool
	// Refused is what the host has said to ask for being left alone, nil if it did not.
	Refused error
	// Pause is for how long it wants to be; 0: it does not say.
	Pause time.Duration
	// Delay is what it wants between two requests, negative if that is not known.
	Delay time.Duration
}

type leaveAsk struct {
	enterAsk

	Ends     int64 `json:"ends"`
	Took     int64 `json:"took"`
	Ago      int64 `json:"ago"`
	Delay    int64 `json:"delay"`
	Answered bool  `json:"answered"`
	Refused  bool  `json:"refused"`
	Pause    int64 `json:"pause"`
}

// Leave ends a turn. A host that refuses is paused for everybody, longer each time; the error is
// then a [*BusyError] for the task to come again, and the refusal itself once that was so ten times
// or for a day. A turn that nobody leaves ends with its lease, and as soon as another attempt of its task
// has one: whoever comes back late ends no turn but its own.
func (t *Turn) Leave(ctx context.Context, v Visit) error {
	t.ask.Jitter = rand.Float64() * jitter
	ask := leaveAsk{
		enterAsk: t.ask, Ends: t.ends, Took: time.Since(t.began).Milliseconds(), Ago: time.Since(t.last).Milliseconds(), Delay: v.Delay.Milliseconds(),
		Answered: v.Answered, Refused: v.Refused != nil, Pause: v.Pause.Milliseconds(),
	}
	if v.Delay < 0 {
		ask.Delay = -1
	}
	said, err := t.turns.run(ctx, leaveScript, t.Host.Name, ask, 3)
	if err != nil {
		return fmt.Errorf("end the turn at %s: %w", t.Host.Name, err)
	}
	times, refused, wait := said[0], time.Duration(said[1])*time.Millisecond, time.Duration(said[2])*time.Millisecond
	if times == 0 || times > mostRefusals || refused > mostRefused {
		return v.Refused
	}
	return &BusyError{Host: t.Host.Name, Wait: wait, Cause: v.Refused}
}
