// Package control is the agent control channels: one Redis channel per user and
// purpose, on which pauses and resumes are asked for and statuses told.
//
// A published message reaches whoever listens at that moment and nobody else. What must
// not be missed has to be stored as well.
package control

import (
	"context"
	"errors"
	"fmt"

	"github.com/redis/go-redis/v9"

	"switchyard/internal/tasks"
)

// Channel is one purpose of control messages.
type Channel string

// The channels. Their names in Redis are agent:pause:<user_id> and so on, as the
// applications around already know them.
const (
	Pause  Channel = "pause"
	Resume Channel = "resume"
	Status Channel = "status"
)

// Name returns the channel's name for one user. A user id that could escape into
// another user's channel or a pattern is refused.
func (c Channel) Name(user string) (string, error) {
	if err := tasks.CheckUser(user); err != nil {
		return "", err
	}
	return "agent:" + string(c) + ":" + user, nil
}

// Bus publishes and subscribes. It is safe for concurrent use.
type Bus struct {
	client redis.UniversalClient
}

// NewBus returns a bus on client.
func NewBus(client redis.UniversalClient) *Bus { return &Bus{client} }

// Publish sends message to a user's channel and returns how many subscribers got it. A
// cluster delivers to all of them but counts only those at the node of the channel's
// slot, which is where every [Bus] listens.
func (b *Bus) Publish(ctx context.Context, c Channel, user, message string) (int64, error) {
	name, err := c.Name(user)
	if err != nil {
		return 0, err
	}
	publish := redis.NewIntCmd(ctx, "publish", name, message)
	publish.SetFirstKeyPos(1) // go-redis would ask any node
	_ = b.client.Process(ctx, publish)
	n, err := publish.Result()
	if err != nil {
		return 0, fmt.Errorf("publish on %s: %w", name, err)
	}
	return n, nil
}

// Subscription receives one channel's messages.
type Subscription struct {
	pubsub   *redis.PubSub
	messages <-chan *redis.Message
}

// ErrClosed is what Receive returns once its subscription is closed.
var ErrClosed = errors.New("subscription closed")

// Subscribe listens to a user's channel. When it returns, messages published from then
// on are received. It survives a lost connection; what was published meanwhile is not
// delivered later. The caller closes it.
func (b *Bus) Subscribe(ctx context.Context, c Channel, user string) (*Subscription, error) {
	name, err := c.Name(user)
	if err != nil {
		return nil, err
	}
	pubsub := b.client.Subscribe(ctx, name)
	if _, err := pubsub.Receive(ctx); err != nil {
		_ = pubsub.Close()
		return nil, fmt.Errorf("subscribe to %s: %w", name, err)
	}
	return &Subscription{pubsub: pubsub, messages: pubsub.Channel()}, nil
}

// Receive returns the next message. It fails only when ctx ends or the subscription is
// closed.
func (s *Subscription) Receive(ctx context.Context) (string, error) {
	select {
	case m, ok := <-s.messages:
		if !ok {
			return "", ErrClosed
		}
		return m.Payload, nil
	case <-ctx.Done():
		return "", ctx.Err()
	}
}

// Close ends the subscription.
func (s *Subscription) Close() error { return s.pubsub.Close() }
