// Package mailbox is a worker's part in Celery's control and events: it answers and obeys what
// applications, Flower and the command celery send to workers, and tells monitors what happens.
package mailbox

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"go.uber.org/zap"

	"switchyard/internal/cache"
	"switchyard/internal/celery/broker"
)

// control is the exchange that commands are sent to.
const control = "celery.pidbox"

// performWithin is how long a command may take. Those who ask wait for a second.
const performWithin = 5 * time.Second

// Node hears the commands that are sent to Celery's workers, for one worker process.
type Node struct {
	broker   *broker.Broker
	worker   Worker
	profile  Profile
	events   *Events
	began    time.Time
	listener *cache.Listener
	log      *zap.Logger
	said     map[string]time.Time // when something was said at warn, by what it was
}

// NewNode returns the node of a worker, to be run once. It bears the name of events, and turns them on
// and off.
func NewNode(b *broker.Broker, w Worker, p Profile, events *Events, log *zap.Logger) *Node {
	return &Node{
		broker: b, worker: w, profile: p, events: events, began: time.Now(),
		listener: cache.NewListener(b.Redis, b.Fanout(control)), log: log, said: make(map[string]time.Time),
	}
}

// Check reports why the node hears nothing, nil if it does.
func (n *Node) Check(ctx context.Context) error {
	if err := n.listener.Check(ctx); err != nil {
		return fmt.Errorf("commands of Celery: %w", err)
	}
	return nil
}

// Run hears commands until ctx ends. What is sent while the broker is away is lost, as it is for
// Celery's own workers.
func (n *Node) Run(ctx context.Context) {
	var listening sync.WaitGroup
	defer listening.Wait()
	listening.Go(func() { n.listener.Run(ctx) })
	for {
		select {
		case <-ctx.Done():
			return
		case heard := <-n.listener.Heard():
			if heard.Began {
				n.log.Info("commands of Celery are heard", zap.String("node", n.events.Name))
				continue
			}
			n.hear(ctx, heard.Message)
		}
	}
}

// hear performs the command in a message, if it is for this node, and answers.
func (n *Node) hear(ctx context.Context, text string) {
	r, err := readRequest(text)
	meant := false
	if err == nil {
		n.events.clock.hear(r.clock)
		meant, err = r.addresses(n.events.Name)
	}
	switch {
	case errors.Is(err, errForeign):
		n.once("foreign", "a command of Celery was not obeyed", zap.Error(err))
		return
	case err != nil:
		n.log.Debug("what came as a command of Celery is none", zap.Error(err))
		return
	case !meant:
		return
	}
	ctx, cancel := context.WithTimeout(ctx, performWithin)
	defer cancel()
	answer := n.perform(ctx, r)
	if r.ReplyTo == nil {
		return
	}
	if err := n.reply(ctx, r, answer); err != nil && ctx.Err() == nil {
		n.once("unanswered", "a command of Celery was not answered", zap.String("command", r.Method), zap.Error(err))
	}
}

// sayAgainAfter is for how long what anybody may cause is said once.
const sayAgainAfter = time.Hour

// once says something at warn, and at debug for an hour from then on.
func (n *Node) once(what, message string, fields ...zap.Field) {
	say := n.log.Debug
	if last, said := n.said[what]; !said || time.Since(last) > sayAgainAfter {
		n.said[what], say = time.Now(), n.log.Warn
	}
	say(message, fields...)
}
