package tasks

import (
	"context"
	"encoding/json"
	"time"
)

// MaxReply bounds [Options.Reply], in bytes.
const MaxReply = 1 << 20

// Reason says why an attempt did not succeed, where others tell such ends apart.
type Reason string

// The reasons of an attempt that has not succeeded.
const (
	ReasonError     Reason = "error"      // its handler returned an error
	ReasonRefused   Reason = "refused"    // its payload is not one of its kind
	ReasonSoftLimit Reason = "soft_limit" // it has run longer than it should
	ReasonHardLimit Reason = "hard_limit" // it has run longer than it may
	ReasonLost      Reason = "lost"       // it was lost with its workers too often
	ReasonExpired   Reason = "expired"
	ReasonCancelled Reason = "cancelled"
)

// Reply is what there is to tell of a task that was sent with [Options.Reply]: that an attempt runs,
// that another one follows, or how the task has ended.
type Reply struct {
	// Field is where it is kept until it has been told, "" if it is not: what is only under way may
	// get lost.
	Field    string          `json:"-"`
	Queue    string          `json:"-"`
	ID       string          `json:"id"`
	Kind     string          `json:"kind"`
	Envelope json.RawMessage `json:"envelope"` // as the task was sent with it
	State    State           `json:"state"`    // running, retrying or an end
	Reason   Reason          `json:"reason,omitempty"`
	At       time.Time       `json:"at"`
	Due      time.Time       `json:"due,omitzero"`   // of the next attempt
	Began    time.Time       `json:"began,omitzero"` // when its handler was called, zero if it was not
	Result   json.RawMessage `json:"result,omitempty"`
	Progress json.RawMessage `json:"-"` // how far a running attempt is, nil if it has just begun
	Error    string          `json:"error,omitempty"`
	Retried  int             `json:"retried"`
	Worker   string          `json:"worker"`
}

type progressKey struct{}

// WithProgress returns a context whose attempt has others told how far it is, in JSON.
func WithProgress(ctx context.Context, tell func(progress []byte)) context.Context {
	return context.WithValue(ctx, progressKey{}, tell)
}

// TellProgress tells those whom the attempt of ctx has told how far it is, if there are any.
func TellProgress(ctx context.Context, progress []byte) {
	if tell, ok := ctx.Value(progressKey{}).(func([]byte)); ok {
		tell(progress)
	}
}
