package cache

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/redis/go-redis/v9"
)

const (
	// askAfter is after how long without a message a listener asks whether its connection
	// still lives.
	askAfter = 3 * time.Second
	// answerWithin is how long it waits for the answer to that, and to its subscription.
	answerWithin = 2 * time.Second
	// listenAgainAfter is how long it waits before it subscribes anew.
	listenAgainAfter = 200 * time.Millisecond
)

// Heard is what a [Listener] heard: a message, or that it has begun to listen.
type Heard struct {
	// Began says that from now on messages are heard, for the first time or again. Those
	// published while it was deaf are lost. The other fields are empty.
	Began            bool
	Channel, Message string
}

// Listener hears what is published on some channels. It trusts no connection
// that is silent: a server that hangs keeps its connections open and takes what is written to
// them, and only that it does not answer tells it from one with nothing to say. A connection
// without an answer is dropped and made anew, to whichever server is the master by then.
//
// Nothing is dropped because it is not read in time: Redis itself ends a connection that falls
// too far behind, and the listener begins again.
type Listener struct {
	subscribe func(context.Context) *redis.PubSub
	to        int // how many channels or patterns that asks for
	heard     chan Heard

	mu   sync.Mutex
	deaf error // nil while it listens
}

// NewListener returns a listener to channels. Run starts it.
func NewListener(client redis.UniversalClient, channels ...string) *Listener {
	return newListener(len(channels), func(ctx context.Context) *redis.PubSub { return client.Subscribe(ctx, channels...) })
}

// NewPatternListener returns a listener to the channels that match patterns. Run starts it. A user
// of Redis may be allowed a channel and not the pattern that matches it alone.
func NewPatternListener(client redis.UniversalClient, patterns ...string) *Listener {
	return newListener(len(patterns), func(ctx context.Context) *redis.PubSub { return client.PSubscribe(ctx, patterns...) })
}

func newListener(to int, subscribe func(context.Context) *redis.PubSub) *Listener {
	return &Listener{subscribe: subscribe, to: to, heard: make(chan Heard), deaf: errors.New("not subscribed yet")}
}

// Heard returns what the listener hears, in order. It is read by one goroutine.
func (l *Listener) Heard() <-chan Heard { return l.heard }

// Check reports why the listener hears nothing, nil if it does.
func (l *Listener) Check(context.Context) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.deaf != nil {
		return fmt.Errorf("messages are not heard: %w", l.deaf)
	}
	return nil
}

func (l *Listener) note(deaf error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.deaf = deaf
}

// Run listens until ctx ends.
func (l *Listener) Run(ctx context.Context) {
	for ctx.Err() == nil {
		l.note(l.listen(ctx))
		select {
		case <-time.After(listenAgainAfter):
		case <-ctx.Done():
		}
	}
}

// listen listens on one connection and returns why that is over.
func (l *Listener) listen(ctx context.Context) error {
	ctx, cancel := context.WithCancel(ctx)
	pubsub := l.subscribe(ctx)
	replies := make(chan any)
	var reading sync.WaitGroup
	defer reading.Wait()
	defer func() { cancel(); _ = pubsub.Close() }() // which ends the reading
	reading.Go(func() { read(ctx, pubsub, replies) })
	waiting, asked := l.to, true // the subscription is the first question
	silent := time.NewTimer(answerWithin)
	defer silent.Stop()
	for {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-silent.C:
			if asked {
				return fmt.Errorf("no answer within %s", answerWithin)
			}
			if err := pubsub.Ping(ctx); err != nil {
				return err
			}
			asked = true
			silent.Reset(answerWithin)
			continue
		case reply := <-replies:
			var h Heard
			switch reply := reply.(type) {
			case error:
				return reply
			case *redis.Message:
				h = Heard{Channel: reply.Channel, Message: reply.Payload}
			case *redis.Subscription:
				// More than it asked for come once go-redis has connected again by itself.
				waiting--
				h.Began = waiting <= 0
			}
			asked = waiting > 0
			if h.Began {
				l.note(nil)
			}
			if (h.Began || h.Channel != "") && !l.tell(ctx, h) {
				return ctx.Err()
			}
			silent.Reset(askAfter)
		}
	}
}

// read hands on what comes by a connection, last its error.
func read(ctx context.Context, pubsub *redis.PubSub, replies chan<- any) {
	for {
		reply, err := pubsub.Receive(ctx)
		if err != nil {
			reply = err
		}
		select {
		case replies <- reply:
		case <-ctx.Done():
			return
		}
		if err != nil {
			return
		}
	}
}

// tell hands on what was heard, and reports whether somebody took it.
func (l *Listener) tell(ctx context.Context, h Heard) bool {
	select {
	case l.heard <- h:
		return true
	case <-ctx.Done():
		return false
	}
}
