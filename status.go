package switchyard

import (
	"encoding/json"
	"fmt"
	"time"

	"switchyard/internal/tasks"
)

// State says where a task stands.
type State string

// The states of a task. Succeeded, failed, cancelled and expired are its ends.
const (
	StateWaiting   State = "waiting"   // for a worker
	StateScheduled State = "scheduled" // for its time
	StateHeld      State = "held"      // for its user's turn
	StateRunning   State = "running"   // in a worker
	StateRetrying  State = "retrying"  // has failed, and waits for its next attempt
	StateParked    State = "parked"    // is set aside until somebody runs it, or its time comes
	StateSucceeded State = "succeeded" // its result is kept
	StateFailed    State = "failed"    // in the dead letter
	StateCancelled State = "cancelled" // somebody has ended it
	StateExpired   State = "expired"   // its time was over
	StateBroken    State = "broken"    // what is kept of it in Redis is damaged
)

// Ended reports whether a task in this state runs again only if somebody has it do so.
func (s State) Ended() bool { return tasks.State(s).Ended() }

// Status is a task as whoever sent it sees it.
type Status struct {
	Name
	Kind    string `json:"kind"`
	State   State  `json:"state"`
	Run     string `json:"run,omitempty"` // as [Task.Run], once a worker has taken it
	Retried int    `json:"retried"`
	Retries int    `json:"retries"` // how often it may be retried
	// LastError is that of the last attempt that failed, or what is damaged if the task is broken.
	LastError string          `json:"last_error,omitempty"`
	NextRun   time.Time       `json:"next_run,omitzero"` // of one that is scheduled, retrying or parked
	Deadline  time.Time       `json:"deadline,omitzero"`
	Completed time.Time       `json:"completed,omitzero"` // of one that has succeeded
	Payload   json.RawMessage `json:"payload,omitempty"`
	Progress  json.RawMessage `json:"progress,omitempty"`
	Result    json.RawMessage `json:"result,omitempty"`
}

// DecodeResult reads the result of a task that has succeeded into a variable, as [json.Unmarshal]
// does. Of any other task the error names the state, and the last error.
func (s Status) DecodeResult(into any) error {
	if s.State != StateSucceeded {
		return fmt.Errorf("task %s is %s: %s", s.Name, s.State, s.LastError)
	}
	if err := json.Unmarshal(s.Result, into); err != nil {
		return fmt.Errorf("result of task %s: %w", s.Name, err)
	}
	return nil
}

func statusOf(s tasks.Status) Status {
	status := Status{
		Name: Name{s.Queue, s.ID}, Kind: s.Kind, State: State(s.State), Run: s.Run, Retried: s.Retried, Retries: s.Retries, LastError: s.LastError,
		NextRun: s.NextRun, Deadline: s.Deadline, Completed: s.Completed, Payload: s.Payload, Progress: s.Progress, Result: s.Result,
	}
	if s.State == tasks.StateBroken {
		status.LastError = s.Broken
	}
	return status
}
