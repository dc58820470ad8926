package deployment

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/redis/go-redis/v9"
	"go.uber.org/zap"

	"switchyard/internal/cache"
)

// renewEvery is how often a claim is renewed.
const renewEvery = time.Minute

// Queues are the queues of a deployment in its database. It is safe for concurrent use.
type Queues struct {
	client redis.UniversalClient
	name   string
	log    *zap.Logger
}

// NewQueues returns the queues of the deployment of that name.
func NewQueues(client redis.UniversalClient, name string, log *zap.Logger) *Queues {
	return &Queues{client, name, log}
}

func queueKey(queue string) string { return keys + "queue:" + queue }

// askAgainAfter is how long it waits before it asks a Redis again that has not answered.
const askAgainAfter = 200 * time.Millisecond

// Claim claims queues, all or none. The error names those that another deployment has. While
// Redis does not answer it asks again until ctx ends.
func (q *Queues) Claim(ctx context.Context, names ...string) error {
	final := func(err error) bool { return errors.As(err, new(*TakenError)) || cache.IsFinal(err) }
	return cache.Patiently(ctx, askAgainAfter, final, func() error {
		if err := q.Check(ctx, names...); err != nil {
			return err
		}
		return q.each(names, func(key string) (Claim, error) { return hold(ctx, q.client, key, q.name) })
	})
}

// Check is Claim for whoever only passes by: what nobody has is left so.
func (q *Queues) Check(ctx context.Context, names ...string) error {
	return q.each(names, func(key string) (Claim, error) { return look(ctx, q.client, key) })
}

func (q *Queues) each(names []string, ask func(key string) (Claim, error)) error {
	var errs []error
	for _, name := range names {
		claim, err := ask(queueKey(name))
		switch {
		case err != nil:
			errs = append(errs, err)
		case claim.Holder != q.name && claim.Holder != "":
			errs = append(errs, &TakenError{Queue: name, Claim: claim, Name: q.name})
		}
	}
	return errors.Join(errs...)
}

// TakenError says that another deployment has a queue.
type TakenError struct {
	Queue string
	Claim
	Name string // of the deployment that asked
}

func (e *TakenError) Error() string {
	seen := ""
	if e.Seen > 0 {
		seen = fmt.Sprintf(", last seen %s ago", e.Seen)
	}
	return fmt.Sprintf("queue %q of this database belongs to the deployment %q%s, and this one is %q: redis.prefix does not separate queues; "+
		"give this deployment another database in redis.url or other names under queues, set control.namespace to %[2]q if it is the same deployment, "+
		"or, if that one is gone for good, DEL %[5]s", e.Queue, e.Holder, seen, e.Name, queueKey(e.Queue))
}

// Keep renews the claims until ctx ends.
func (q *Queues) Keep(ctx context.Context, names ...string) {
	tick := time.NewTicker(renewEvery)
	defer tick.Stop()
	var told sync.Once
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
		var taken *TakenError
		if err := q.Claim(ctx, names...); errors.As(err, &taken) {
			told.Do(func() { q.log.Error("another deployment has taken a queue of this one", zap.Error(err)) })
		}
	}
}
