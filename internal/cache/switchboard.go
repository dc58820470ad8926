package cache

import (
	"context"
	"errors"
	"maps"
	"slices"
	"sync"
	"time"

	"github.com/redis/go-redis/v9"
)

// Switchboard hears on one connection what is published on channels that come and go: however many ask,
// Redis has one client more. Like a [Listener] it trusts no connection that is silent. It is safe for
// concurrent use; while nobody listens it has no connection and no goroutine.
type Switchboard struct {
	client redis.UniversalClient

	mu     sync.Mutex
	lines  map[string]map[*Line]bool // by channel
	pubsub *redis.PubSub             // nil while it is deaf
	deaf   bool
	hangUp context.CancelFunc // of the goroutine that listens; nil: there is none
	ended  chan struct{}      // closed once that has ended
}

// NewSwitchboard returns a switchboard on client, which stays the caller's to close.
func NewSwitchboard(client redis.UniversalClient) *Switchboard {
	return &Switchboard{client: client, lines: map[string]map[*Line]bool{}, deaf: true}
}

// Line hears one channel for one who listens.
type Line struct {
	board   *Switchboard
	channel string
	rung    chan struct{}
}

// Listen returns a line to a channel. Whoever takes it hangs up in the end.
func (s *Switchboard) Listen(channel string) *Line {
	l := &Line{s, channel, make(chan struct{}, 1)}
	s.mu.Lock()
	defer s.mu.Unlock()
	first := s.lines[channel] == nil
	if first {
		s.lines[channel] = map[*Line]bool{}
	}
	s.lines[channel][l] = true
	switch {
	case s.hangUp == nil:
		var ctx context.Context
		ctx, s.hangUp = context.WithCancel(context.Background())
		s.ended = make(chan struct{})
		go s.run(ctx, s.ended)
	case first && s.pubsub != nil:
		s.change(s.pubsub.Subscribe, channel)
	case !first && !s.deaf:
		l.ring() // it hears from now on
	}
	return l
}

// Rung gets a token when something was published on the channel since the last one, and when the
// line begins to hear, for the first time or again: what was published before is lost.
func (l *Line) Rung() <-chan struct{} { return l.rung }

// Hears reports whether messages are heard.
func (l *Line) Hears() bool {
	l.board.mu.Lock()
	defer l.board.mu.Unlock()
	return !l.board.deaf
}

// HangUp ends the line. Whoever hangs up last waits until the connection is closed.
func (l *Line) HangUp() {
	s := l.board
	s.mu.Lock()
	delete(s.lines[l.channel], l)
	if len(s.lines[l.channel]) == 0 {
		delete(s.lines, l.channel)
		if s.pubsub != nil && len(s.lines) > 0 {
			s.change(s.pubsub.Unsubscribe, l.channel)
		}
	}
	if len(s.lines) > 0 || s.hangUp == nil {
		s.mu.Unlock()
		return
	}
	s.hangUp()
	s.hangUp = nil
	ended := s.ended
	s.mu.Unlock()
	<-ended
}

// ring has whoever listens look.
func (l *Line) ring() {
	select {
	case l.rung <- struct{}{}:
	default:
	}
}

// change subscribes to a channel, or no longer. If that cannot be written the connection is lost, which
// the reading of it tells.
func (s *Switchboard) change(do func(context.Context, ...string) error, channel string) {
	ctx, cancel := context.WithTimeout(context.Background(), answerWithin)
	defer cancel()
	_ = do(ctx, channel)
}

// run listens until ctx ends.
func (s *Switchboard) run(ctx context.Context, ended chan struct{}) {
	defer close(ended)
	for ctx.Err() == nil {
		s.listen(ctx)
		s.mu.Lock()
		if s.ended == ended {
			s.pubsub, s.deaf = nil, true
		}
		s.mu.Unlock()
		select {
		case <-time.After(listenAgainAfter):
		case <-ctx.Done():
		}
	}
}

// listen listens on one connection until that is lost.
func (s *Switchboard) listen(ctx context.Context) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	pubsub := s.begin(ctx)
	if pubsub == nil {
		return
	}
	replies := make(chan any)
	var reading sync.WaitGroup
	defer reading.Wait()
	defer func() { cancel(); _ = pubsub.Close() }() // which ends the reading
	reading.Go(func() { read(ctx, pubsub, replies) })
	silent := time.NewTimer(answerWithin) // for the answer to the subscription
	defer silent.Stop()
	for asked := true; ; {
		select {
		case <-ctx.Done():
			return
		case <-silent.C:
			if asked || pubsub.Ping(ctx) != nil {
				return
			}
			asked = true
			silent.Reset(answerWithin)
			continue
		case reply := <-replies:
			if errors.Is(s.heard(reply), errLost) {
				return
			}
		}
		asked = false
		silent.Reset(askAfter)
	}
}

// begin subscribes to all channels that somebody listens to, and returns nil if it cannot.
func (s *Switchboard) begin(ctx context.Context) *redis.PubSub {
	s.mu.Lock()
	channels := slices.Collect(maps.Keys(s.lines))
	s.mu.Unlock()
	pubsub := s.client.Subscribe(ctx)
	if err := pubsub.Subscribe(ctx, channels...); err != nil {
		_ = pubsub.Close()
		return nil
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.pubsub = pubsub
	for channel := range s.lines { // those that have come meanwhile
		if !slices.Contains(channels, channel) {
			s.change(pubsub.Subscribe, channel)
		}
	}
	return pubsub
}

// errLost says that a connection is lost.
var errLost = errors.New("the connection is lost")

// heard rings the lines of a channel of which something has come.
func (s *Switchboard) heard(reply any) error {
	channel := ""
	switch reply := reply.(type) {
	case error:
		return errLost
	case *redis.Message:
		channel = reply.Channel
	case *redis.Subscription:
		channel = reply.Channel
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.deaf = false
	for l := range s.lines[channel] {
		l.ring()
	}
	return nil
}
