package tasks

import (
	"context"
	"encoding/json"
	"time"
)

// Options say how one task departs from its kind's policy. The zero value does not.
type Options struct {
	ID        string            // a task with an ID already in its queue is not added again
	Queue     string            // instead of the routed queue
	At        time.Time         // not before this moment; refused if that is over
	Deadline  time.Time         // not after this moment: the task expires there, begun or not; refused if that is over
	Unique    time.Duration     // as [Policy.Unique]
	Retention time.Duration     // as [Policy.Retention]
	Tags      []string          // what the task is found by, see [CheckTags]
	Meta      map[string]string // what its producer notes with it, see [CheckMeta]
	// Batch names the batch that the task is a member of, and its place there, batch/place.
	Batch string
	// Wakes names a delayed task that is to run at once when this one has ended,
	// for good or bad. It still runs at its own time should this task be lost.
	Wakes *Receipt
	// Notify are told of its end, at most [MaxHooks].
	Notify []Hook
	// Expires is by when its first attempt must have begun; zero: it may wait for ever.
	Expires time.Time
	// SoftLimit and HardLimit hold in place of the policy's; 0 leaves those.
	SoftLimit, HardLimit time.Duration
	// Once has a task with this ID not be added again within an hour, even if the first one is gone by
	// then. What is told is that it was added, as if the first time.
	Once bool
	// Retried is how often it was retried elsewhere before it was sent.
	Retried int
	// Reply is what is needed to tell its states elsewhere, JSON of at most [MaxReply] bytes. It is kept
	// with the task, and handed back with each [Reply].
	Reply json.RawMessage
}

// Receipt says where a task went.
type Receipt struct {
	ID    string `json:"id"`
	Kind  string `json:"kind"`
	Queue string `json:"queue"`
	// Duplicate is true if a task with this ID, or the same unique task, was there
	// already, and nothing was added. The ID is that of the task that was there.
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
