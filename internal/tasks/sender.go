package tasks

import (
	"context"
	"slices"
	"sync"
)

// MaxSent is how many of the tasks that an attempt sends are noted with it.
const MaxSent = 20

// Sender is a task in whose attempt others are sent. It is safe for concurrent use.
type Sender struct {
	name Name

	mu   sync.Mutex
	sent []string
}

type senderKey struct{}

// WithSender returns a context in which tasks are sent by an attempt at a task, and what notes them.
func WithSender(ctx context.Context, name Name) (context.Context, *Sender) {
	s := &Sender{name: name}
	return context.WithValue(ctx, senderKey{}, s), s
}

// SenderOf returns the sender of a context, nil if it has none.
func SenderOf(ctx context.Context) *Sender {
	s, _ := ctx.Value(senderKey{}).(*Sender)
	return s
}

// Name returns the name of the task that sends.
func (s *Sender) Name() Name { return s.name }

// Note notes a task that was sent. Beyond [MaxSent] none is noted.
func (s *Sender) Note(sent Name) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.sent) < MaxSent {
		s.sent = append(s.sent, sent.String())
	}
}

// Sent returns what was noted, as queue/ID, in the order in which it was sent.
func (s *Sender) Sent() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.sent)
}
