package format

import (
	"time"

	"switchyard/internal/tasks"
)

// Failure is why the last attempt at a task did not succeed, as producers of any language read
// it in [ErrorField].
type Failure struct {
	Attempt int           `json:"attempt"`
	Outcome tasks.Outcome `json:"outcome"`
	Message string        `json:"message"`
	At      time.Time     `json:"at"`
	Stack   string        `json:"stack,omitempty"` // of a handler that panicked
}

// Cancellation says who has cancelled a task, in [CancelField].
type Cancellation struct {
	By  string    `json:"by"`
	Why string    `json:"why,omitempty"`
	At  time.Time `json:"at"`
}
