package tasks

import (
	"context"

	"github.com/google/uuid"
)

// requestKey is the key of a request's ID in a context.
type requestKey struct{}

// WithRequest returns a context of a request that may be made again, because whoever made it got no
// answer. What it adds to queues, runs and cancels within a day is done once for the ID, whatever
// becomes of the tasks.
func WithRequest(ctx context.Context, id uuid.UUID) context.Context {
	return context.WithValue(ctx, requestKey{}, id)
}

// RequestOf returns the ID of the request that may be made again, "" if there is none.
func RequestOf(ctx context.Context) string {
	if id, ok := ctx.Value(requestKey{}).(uuid.UUID); ok {
		return id.String()
	}
	return ""
}

// NewID returns a new ID for a task. A request that is made again gets the same ID again; what tells
// apart the tasks that it adds.
func NewID(ctx context.Context, what string) string {
	if id, ok := ctx.Value(requestKey{}).(uuid.UUID); ok {
		return uuid.NewSHA1(id, []byte(what)).String()
	}
	return uuid.NewString()
}
