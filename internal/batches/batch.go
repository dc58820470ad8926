// Package batches keeps what became of tasks that were sent together, and sends the task that follows
// once all of them have ended.
//
// What became of a member is written in the step that ends it, into a hash in the slot of the member's
// queue, see [format.BatchKey]. Whoever has written the last of them looks at the whole batch; workers
// look at open batches at times, too, so that one whose worker was killed right then is closed, and
// one with members that somebody has deleted.
package batches

import (
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/google/uuid"

	"switchyard/internal/tasks"
)

// What is the matter with a batch.
var (
	// ErrTaken says that there is another batch of that ID.
	ErrTaken = errors.New("another batch has this ID: choose another one")
	// ErrNotFound says that there is no such batch.
	ErrNotFound = errors.New("there is no such batch, or its time is over")
)

// KeptFor is how long a batch is known after it was sent, and after it has ended.
const (
	KeptFor      = 30 * 24 * time.Hour
	keptAfterEnd = 24 * time.Hour
)

// Member is a task of a batch.
type Member struct {
	Queue string `json:"q"`
	ID    string `json:"i"`
	Kind  string `json:"k"`
}

// Then is the task that is sent once all members have ended.
type Then struct {
	Kind    string          `json:"kind"`
	Payload json.RawMessage `json:"payload"`
	// Results is a JSON pointer to where in the payload the results go.
	Results string `json:"results"`
}

// Batch is tasks that were sent together.
type Batch struct {
	ID string `json:"id"`
	// Request is what the IDs of the batch follow from, and the marks of what was sent.
	Request uuid.UUID `json:"request"`
	// User is the one for whom alone the sender may send; "" for everyone.
	User    string    `json:"user,omitempty"`
	Created time.Time `json:"created"`
	Members []Member  `json:"members"` // in their order
	Then    *Then     `json:"then,omitempty"`
	// Sealed says that all members were sent that Redis took.
	Sealed bool `json:"sealed,omitempty"`
}

// ThenID returns the ID of the task that follows.
func (b Batch) ThenID() string { return uuid.NewSHA1(b.Request, []byte("then")).String() }

// Outcome is what became of a member.
type Outcome struct {
	ID    string      `json:"id"`
	Queue string      `json:"queue"`
	State tasks.State `json:"state"`
	// Result is what the task has brought, unless it is large.
	Result  json.RawMessage `json:"result,omitempty"`
	LeftOut bool            `json:"left_out,omitempty"`
	Error   string          `json:"error,omitempty"`
}

// The states of members that are none of a task that is there.
const (
	// Refused is that of a member that Redis did not take.
	Refused tasks.State = "refused"
	// Deleted is that of a member of which nothing is kept, and nobody has written what became of it.
	Deleted tasks.State = "deleted"
)

// CheckID reports why an ID cannot be that of a batch.
func CheckID(id string) error {
	if len(id) > maxID || !tasks.HasIDForm(id) {
		return fmt.Errorf("batch ID %.40q: use at most %d letters, digits and _.:@+-, starting with a letter or digit", id, maxID)
	}
	return nil
}

const maxID = 100
