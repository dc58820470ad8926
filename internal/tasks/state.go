package tasks

import (
	"fmt"
	"slices"
	"strings"
)

// State says where a task stands. The empty one is that of a task that is not there any more.
type State string

// The states of a task. The last four are its ends.
const (
	StateWaiting   State = "waiting"   // for a worker
	StateScheduled State = "scheduled" // for its time
	StateHeld      State = "held"      // for its user's turn
	StateRunning   State = "running"
	StateRetrying  State = "retrying"  // has failed, and waits for its next attempt
	StateParked    State = "parked"    // is set aside until somebody runs it, or its time comes
	StateSucceeded State = "succeeded" // its result is kept
	StateFailed    State = "failed"    // in the dead letter
	StateCancelled State = "cancelled" // ended by hand
	StateExpired   State = "expired"   // has waited longer than it may
	StateBroken    State = "broken"    // what is kept of it is no task: it can only be looked at and deleted
)

// StateUnknown is what is said of a task whose state is kept elsewhere, while that does not answer.
const StateUnknown State = "unknown"

// States are all states, in the order in which a task passes through them.
var States = []State{
	StateWaiting, StateScheduled, StateHeld, StateRunning, StateRetrying, StateParked,
	StateSucceeded, StateFailed, StateCancelled, StateExpired, StateBroken,
}

// StatesWithError are those in which a task is looked for by its last error: it has failed, or is at its
// next attempt. A task that waits again may have one, too, but is one of very many that have none.
var StatesWithError = []State{StateRunning, StateRetrying, StateParked, StateFailed, StateCancelled, StateExpired}

// Ended reports whether a task in state s has come to its end. It runs again only if somebody
// has it do so.
func (s State) Ended() bool {
	switch s {
	case StateSucceeded, StateFailed, StateCancelled, StateExpired:
		return true
	}
	return false
}

// Waits reports whether a task in state s is neither running nor has ended.
func (s State) Waits() bool {
	switch s {
	case StateWaiting, StateScheduled, StateHeld, StateRetrying, StateParked:
		return true
	}
	return false
}

// CheckState reports that s is no state, and which there are.
func CheckState(s State) error {
	if slices.Contains(States, s) {
		return nil
	}
	names := make([]string, len(States))
	for i, known := range States {
		names[i] = string(known)
	}
	return fmt.Errorf("state %.40q: use one of %s", s, strings.Join(names, ", "))
}
