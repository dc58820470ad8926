package tasks

import "time"

// OutcomeLost is that of an attempt whose worker was lost, killed or cut off. It is only known
// afterwards: the attempt has told no outcome.
const OutcomeLost Outcome = "lost"

// MaxAttempts is how many attempts at a task are kept, the latest.
const MaxAttempts = 50

// Attempt is what is kept of an attempt at a task. What is zero is not known.
type Attempt struct {
	Number  int       `json:"number,omitempty"` // as [Task.Attempt]: one that was parked is not counted
	Began   time.Time `json:"began,omitzero"`
	Ended   time.Time `json:"ended,omitzero"`   // zero while it runs
	Worker  string    `json:"worker,omitempty"` // host:pid
	Outcome Outcome   `json:"outcome,omitempty"`
	Error   string    `json:"error,omitempty"`
	TraceID string    `json:"trace_id,omitempty"`
	// Sent are the first tasks that it has sent, as queue/ID.
	Sent []string `json:"sent,omitempty"`
}
