package switchyard

import (
	"encoding/json"
	"time"

	"switchyard/internal/tasks"
)

// Options say how one task departs from its kind's policy. The zero value does not.
type Options struct {
	// ID is the task's, of at most 300 letters, digits and _.:@+-. A task whose ID is in its queue
	// already is not added again: a program that may send twice gives IDs. "": one is made.
	ID string
	// Queue is another one than the kind is routed to.
	Queue string
	// At is when the task is to run, to the millisecond and never early. Zero: now.
	At time.Time
	// Deadline is when the task expires, begun or not. Zero: never.
	Deadline time.Time
	// Unique refuses the same kind and payload for so long while the task waits or runs, if that is
	// longer than the policy's.
	Unique time.Duration
	// Retention is how long the task is kept once it has ended, if that is longer than the policy's.
	Retention time.Duration
}

// sent returns the options as the queue takes them.
func (o Options) sent() tasks.Options {
	return tasks.Options{ID: o.ID, Queue: o.Queue, At: o.At, Deadline: o.Deadline, Unique: o.Unique, Retention: o.Retention}
}

// Name names a task: an ID is unique in its queue.
type Name struct {
	Queue string `json:"queue"`
	ID    string `json:"id"`
}

// String returns queue/ID, as the command line takes it.
func (n Name) String() string { return n.Queue + "/" + n.ID }

// Receipt says where a task went.
type Receipt struct {
	Name
	Kind string `json:"kind"`
	// Duplicate says that nothing was added, because the task was there already: one with this ID, or
	// the same unique task, whose ID it then is.
	Duplicate bool `json:"duplicate,omitempty"`
}

func receiptOf(r tasks.Receipt) Receipt { return Receipt{Name{r.Queue, r.ID}, r.Kind, r.Duplicate} }

// ToSend is one of many tasks to be sent.
type ToSend struct {
	Args    Args
	Options Options
}

// Sent is what became of one of many tasks: its receipt, or why it was not sent.
type Sent struct {
	Receipt Receipt
	Err     error
}

// Raw are args whose payload is JSON already. Kinds that come with Switchyard are sent so too:
//
//	switchyard.Raw{Name: "scrape_page", Payload: []byte(`{"url": "https://example.com/"}`)}
type Raw struct {
	Name    string
	Payload json.RawMessage // empty: an empty object
}

// Kind implements [Args].
func (r Raw) Kind() string { return r.Name }

// MarshalJSON implements [json.Marshaler].
func (r Raw) MarshalJSON() ([]byte, error) { return tasks.Raw(r).MarshalJSON() }
