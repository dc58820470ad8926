package tasks

import (
	"context"
	"encoding/json"
	"fmt"
	"time"
)

// Task is one attempt's view of a task.
type Task struct {
	ID      string
	Kind    string
	Queue   string
	Payload json.RawMessage
	Attempt int  // 1 for the first
	Last    bool // no retry follows a plain error
	// Run is the same for all attempts at this task, and no other's: a task that is sent
	// under an ID whose last task is gone is another run.
	Run string
	// Retention is how long the kind's policy keeps the result.
	Retention time.Duration
	// Losses is how many workers the task was lost with before. They count as attempts.
	Losses int
	// SoftLimit and HardLimit are those of the attempt, 0 for none, and Deadline is when the task
	// expires, zero for never.
	SoftLimit, HardLimit time.Duration
	Deadline             time.Time
}

// Handler performs one kind. It must honour ctx: the context ends at the soft limit (cause
// [ErrSoftLimit]), at the hard limit ([ErrHardLimit]), when somebody cancels the task
// ([ErrCancelled]), at its deadline ([ErrExpired]), when its lease is lost, and when the worker
// stops. The value returned with a nil error is kept as the task's result, as JSON. Handlers
// run concurrently.
type Handler func(ctx context.Context, t *Task) (any, error)

// Handlers are what a worker adds to kinds, by the name of the kind.
type Handlers map[string]Handler

// Handle returns the handler of a kind whose args are of type A. It refuses a payload that is none
// as permanent.
func Handle[A any](handle func(context.Context, *Task, A) (any, error)) Handler {
	return func(ctx context.Context, t *Task) (any, error) {
		args, err := Decode[A](t.Payload)
		if err != nil {
			return nil, Permanent(fmt.Errorf("%s: %w", t.Kind, err))
		}
		return handle(ctx, t, args)
	}
}

// Definition is a kind together with its handler.
type Definition struct {
	Kind
	Handle Handler // nil in a program that knows the kind and does not perform it
}

// Define returns the definition of a kind whose args are of type A; see [KindOf].
func Define[A any](name string, version int, handle func(context.Context, *Task, A) (any, error)) Definition {
	return Definition{KindOf[A](name, version), Handle(handle)}
}
