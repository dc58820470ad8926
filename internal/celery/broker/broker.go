// Package broker speaks to the Redis that is the broker of Celery, as kombu does: it knows the lists
// that messages are in, puts messages there, each once, and waits for lists that get some.
package broker

import (
	"context"
	_ "embed"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/redis/go-redis/v9"
)

// MarkFor is how long it is known that a message was put into a list. Who delivers again what was left
// behind does so within seconds, or once a worker starts again.
const MarkFor = 24 * time.Hour

//go:embed push.lua
var pushLua string

var pushScript = redis.NewScript(pushLua)

// Broker is the broker of Celery. It is safe for concurrent use.
type Broker struct {
	Names
	// Redis is its connections; they are whoever's who made them.
	Redis redis.UniversalClient
	marks string
}

// New returns the broker behind client. Our own keys there begin with prefix.
func New(client redis.UniversalClient, names Names, prefix string) *Broker {
	return &Broker{Names: names, Redis: client, marks: prefix + "celery:sent:"}
}

// DB returns the database that a client works in, which is part of the names of Celery's channels.
func DB(client redis.UniversalClient) int {
	if c, ok := client.(*redis.Client); ok {
		return c.Options().DB
	}
	return 0
}

// Push is a message that is to be put into a list.
type Push struct {
	// Mark makes it be put there once: one with the mark of another is not put there any more. It is
	// known for [MarkFor].
	Mark string
	List string
	Text []byte
}

// pushItem is a message as the script is told of it.
type pushItem struct {
	Mark string `json:"mark"`
	List string `json:"list"`
	Text int    `json:"text"`
}

// Push puts messages into their lists, in their order and in one step. It returns which of them were
// not there before. An error says that nothing is known, or which could not be put there; to try
// again is safe.
func (b *Broker) Push(ctx context.Context, pushes ...Push) ([]bool, error) {
	if len(pushes) == 0 {
		return nil, nil
	}
	items, texts := make([]pushItem, len(pushes)), make([]any, 1, len(pushes)+1)
	for i, p := range pushes {
		texts = append(texts, p.Text)
		items[i] = pushItem{b.marks + p.Mark, p.List, len(texts)}
	}
	call, err := json.Marshal(map[string]any{"for": int64(MarkFor.Seconds()), "items": items})
	if err != nil {
		return nil, fmt.Errorf("encode messages for Celery: %w", err)
	}
	texts[0] = call
	became, err := pushScript.Run(ctx, b.Redis, nil, texts...).Slice()
	if err != nil {
		return nil, fmt.Errorf("put %d messages into the lists of Celery: %w", len(pushes), err)
	}
	fresh := make([]bool, len(pushes))
	var errs []error
	for i, p := range pushes {
		switch said := became[i].(type) {
		case int64:
			fresh[i] = said == 1
		default:
			errs = append(errs, fmt.Errorf("put a message into the list %s of Celery: %v: rename or delete the key if it is no list", p.List, said))
		}
	}
	return fresh, errors.Join(errs...)
}
