package tasks

import (
	"encoding/json"
	"errors"
	"time"
)

// Tick is the task of one moment at which an entry of the schedule is due.
type Tick struct {
	Entry   string    // ID of the entry
	At      time.Time // a whole second; an entry's ticks are enqueued in its order
	ID      string    // of the task
	Kind    string
	Payload json.RawMessage
	Queue   string // "" for the one the kind is routed to
	// Expires is when the task is not begun any more if it still waits. Zero: never.
	Expires time.Time
}

// ErrTooLate says that a tick was not enqueued because the time for it was over: it is
// somebody else's by now.
var ErrTooLate = errors.New("the claim is over")

// ErrElsewhere says that a tick could not be enqueued because what takes it, which is not the Redis of the
// schedule, does not take it now. That is in the way of no other tick.
var ErrElsewhere = errors.New("out of reach")
