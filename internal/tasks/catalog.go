package tasks

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
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
}

// Handler performs one kind. It must honour ctx: the context ends at the soft limit (cause
// [ErrSoftLimit]), at the hard limit ([ErrHardLimit]), when somebody cancels the task
// ([ErrCancelled]), at its deadline ([ErrExpired]), when its lease is lost, and when the worker
// stops. The value returned with a nil error is kept as the task's result, as JSON. Handlers
// run concurrently.
type Handler func(ctx context.Context, t *Task) (any, error)

// Definition is what the system knows of one kind.
type Definition struct {
	Kind string
	// Version of the payload's shape, from 1. A worker leaves a task of a later
	// version than it knows to a newer worker instead of misreading it.
	Version int
	// Check reports why a payload is not valid for the kind.
	Check func(payload []byte) error
	// Handle performs the kind. A payload that Check refuses it refuses as permanent.
	Handle Handler
}

// Define builds the definition of a kind whose args are of type A.
func Define[A any](kind string, version int, handle func(context.Context, *Task, A) (any, error)) Definition {
	return Definition{
		Kind:    kind,
		Version: version,
		Check: func(payload []byte) error {
			_, err := Decode[A](payload)
			return err
		},
		Handle: func(ctx context.Context, t *Task) (any, error) {
			args, err := Decode[A](t.Payload)
			if err != nil {
				return nil, Permanent(fmt.Errorf("%s: %w", kind, err))
			}
			return handle(ctx, t, args)
		},
	}
}

// Catalog holds every kind a process knows. It does not change once made.
type Catalog struct {
	kinds      map[string]Definition
	maxPayload int
}

// NewCatalog collects definitions. maxPayload bounds payloads in bytes;
// 0 means [DefaultMaxPayload]. A kind defined twice is an error.
func NewCatalog(maxPayload int, definitions ...Definition) (*Catalog, error) {
	if maxPayload == 0 {
		maxPayload = DefaultMaxPayload
	}
	c := &Catalog{kinds: make(map[string]Definition, len(definitions)), maxPayload: maxPayload}
	for _, d := range definitions {
		if err := CheckKind(d.Kind); err != nil {
			return nil, err
		}
		if _, ok := c.kinds[d.Kind]; ok {
			return nil, fmt.Errorf("kind %q is defined twice", d.Kind)
		}
		c.kinds[d.Kind] = d
	}
	return c, nil
}

// Kinds returns the known kinds, sorted.
func (c *Catalog) Kinds() []string { return slices.Sorted(maps.Keys(c.kinds)) }

// Lookup returns the definition of a kind. The error lists the kinds there are.
func (c *Catalog) Lookup(kind string) (Definition, error) {
	d, ok := c.kinds[kind]
	if !ok {
		return d, fmt.Errorf("kind %q has no handler: known are %s", kind, strings.Join(c.Kinds(), ", "))
	}
	return d, nil
}

// CheckSize reports that a payload is too large to be handled.
func (c *Catalog) CheckSize(kind string, payload []byte) error {
	if len(payload) > c.maxPayload {
		return fmt.Errorf("%s: payload has %d bytes, at most %d are allowed: store the data and send a reference", kind, len(payload), c.maxPayload)
	}
	return nil
}

// Check reports why a payload cannot be a task of kind: the kind is unknown, the
// payload too large, or not valid for it.
func (c *Catalog) Check(kind string, payload []byte) (Definition, error) {
	d, err := c.Lookup(kind)
	if err != nil {
		return d, err
	}
	if err := c.CheckSize(kind, payload); err != nil {
		return d, err
	}
	if err := d.Check(payload); err != nil {
		return d, fmt.Errorf("%s: %w", kind, err)
	}
	return d, nil
}

// Options say how one task departs from its kind's policy. The zero value does not.
type Options struct {
	ID        string        // a task with an ID already in its queue is not added again
	Queue     string        // instead of the routed queue
	At        time.Time     // not before this moment; refused if that is over
	Deadline  time.Time     // not after this moment: the task expires there, begun or not; refused if that is over
	Unique    time.Duration // as [Policy.Unique]
	Retention time.Duration // as [Policy.Retention]
	// Wakes names a delayed task that is to run at once when this one has ended,
	// for good or bad. It still runs at its own time should this task be lost.
	Wakes *Receipt
}

// Receipt says where a task went.
type Receipt struct {
	ID    string `json:"id"`
	Kind  string `json:"kind"`
	Queue string `json:"queue"`
	// Duplicate is true if a task with this ID, or the same unique task, was there
	// already, and nothing was added. Of a unique one that was given no ID, it is the ID of
	// the one that was there.
	Duplicate bool `json:"duplicate,omitempty"`
}

// New is a task that is to be added.
type New struct {
	Args    Args
	Options Options
}

// Added is what became of a task that was to be added: its receipt, or why it was refused.
// The receipt of a tick whose task was added before, or of one at or before the latest of its
// entry, is a duplicate.
type Added struct {
	Receipt Receipt
	Err     error
}

// Enqueuer adds a task to the queue its kind is routed to. An implementation refuses
// what the catalog refuses; a duplicate is not an error but said in the receipt.
type Enqueuer interface {
	Enqueue(ctx context.Context, args Args, opts Options) (Receipt, error)
}
