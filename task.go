package switchyard

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"

	"switchyard/internal/tasks"
)

// Task is one attempt's view of a task. A test of a handler may make its own.
type Task struct {
	Name
	Kind    string
	Attempt int  // 1 for the first; one that was parked does not count
	Last    bool // no retry follows a plain error
	// Run is the same for all attempts at this task, and no other's: a task that is sent under an
	// ID whose last task is gone is another run.
	Run string

	// Sender sends further tasks. A worker has its own here.
	Sender Sender

	tell func(ctx context.Context, progress []byte) error // nil outside a worker
}

// Sender sends tasks. A [Client] is one.
type Sender interface {
	Send(ctx context.Context, args Args, o Options) (Receipt, error)
}

// maxProgress bounds what a task keeps of its progress, in bytes. All who look at the task read it.
const maxProgress = 16 << 10

// Progress keeps how far the task is, as JSON of at most 16 KiB, to be seen in its [Status]. The
// latest is kept, for as long as the task is. If the payload has a field "user", that user's status
// channel tells it too. Outside a worker only the size is checked.
func (t *Task) Progress(ctx context.Context, progress any) error {
	text, err := json.Marshal(progress)
	switch {
	case err != nil:
		return fmt.Errorf("progress of task %s: %w", t.Name, err)
	case len(text) > maxProgress:
		return fmt.Errorf("progress of task %s has %d bytes: at most %d are kept: tell less", t.Name, len(text), maxProgress)
	case t.tell == nil:
		return nil
	}
	return t.tell(ctx, text)
}

// taskOf returns the task of an attempt whose context has the worker's means.
func taskOf(ctx context.Context, t *tasks.Task) *Task {
	task := &Task{Name: Name{t.Queue, t.ID}, Kind: t.Kind, Attempt: t.Attempt, Last: t.Last, Run: t.Run}
	if means := tasks.MeansOf(ctx); means != nil {
		task.Sender = worker{means}
		task.tell = func(ctx context.Context, progress []byte) error { return means.KeepProgress(ctx, t, progress) }
	}
	return task
}

// worker sends for a handler.
type worker struct{ means tasks.Means }

// Send implements [Sender].
func (w worker) Send(ctx context.Context, args Args, o Options) (Receipt, error) {
	if args == nil {
		return Receipt{}, errNoArgs
	}
	r, err := w.means.Enqueue(ctx, args, o.sent())
	return receiptOf(r), err
}

var errNoArgs = tasks.Permanent(errors.New("args are nil: give the args of a kind"))
