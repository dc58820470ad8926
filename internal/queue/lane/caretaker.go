package lane

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/redis/go-redis/v9"
	"go.uber.org/zap"

	"switchyard/internal/tasks"
)

const (
	// careEvery is how often a caretaker looks after its queues.
	careEvery = 3 * time.Second
	// carePause leaves Redis to others while many users wait for turns.
	carePause = 50 * time.Millisecond
	// walkBegins has a rescuer walk by all users who wait.
	walkBegins = "0"
)

// Caretaker keeps queues in order while no worker serves them: it makes ready what is due, gives
// back what lost workers have left, and gives turns. So what an autoscaler or a person sees of a
// queue is what there is to do. Lanes do the same, sooner; any number may do it at once.
type Caretaker struct {
	redis  redis.UniversalClient
	queues []*cared
}

// cared is a queue with a caretaker.
type cared struct {
	*upkeep
	forwarder *forwarder
	rescuer   *rescuer
}

// NewCaretaker returns the caretaker of the queues in perUser, which says how many turns a user has
// in each, 0 for any number. What it puts right it counts in reg. The caller runs it.
func NewCaretaker(client redis.UniversalClient, perUser map[string]int, reg prometheus.Registerer, log *zap.Logger) *Caretaker {
	c := &Caretaker{redis: client}
	mends := newMends(reg)
	for _, queue := range slices.Sorted(maps.Keys(perUser)) {
		log := log.With(zap.String("caretaker", queue))
		u := newUpkeep(client, queue, perUser[queue], newHealth(log, "the queue is not looked after"), mends, log)
		rescuer := newRescuer(u)
		rescuer.walk = walkBegins
		c.queues = append(c.queues, &cared{u, newForwarder(u), rescuer})
	}
	return c
}

// Run looks after the queues every three seconds until ctx ends. A queue that Redis does not let be
// cared for holds up no other.
func (c *Caretaker) Run(ctx context.Context) {
	for tasks.Sleep(ctx, careEvery-rand.N(careEvery/10)) == nil { // several do not look at the same time for long
		var all sync.WaitGroup
		for _, q := range having(ctx, c.redis, c.queues, "scheduled", "retry", "lease", "active", "groups") {
			all.Go(func() { q.care(ctx) })
		}
		all.Wait()
	}
}

// Check reports why a queue cannot be looked after, nil if all can.
func (c *Caretaker) Check(context.Context) error {
	var errs []error
	for _, q := range c.queues {
		if err := q.health.check(); err != nil {
			errs = append(errs, fmt.Errorf("%s: %w", q.queue, err))
		}
	}
	return errors.Join(errs...)
}

// care does for one queue what there is to do: until nothing is due, and once for each user who waits.
func (q *cared) care(ctx context.Context) {
	for more := true; more && ctx.Err() == nil; {
		moved, _, err := q.forwarder.look(ctx, 0)
		more = err == nil && moved > 0
	}
	for more := true; more && ctx.Err() == nil; {
		_, err := q.rescuer.look(ctx)
		more = err == nil && q.rescuer.walk != walkBegins && tasks.Sleep(ctx, carePause) == nil
	}
}
