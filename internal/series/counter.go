package series

import (
	"context"
	"sync"
	"time"

	"github.com/google/uuid"
	"go.uber.org/zap"

	"switchyard/internal/tasks"
)

const (
	// flushEvery is how often counts go to Redis.
	flushEvery = 10 * time.Second
	// answerWithin bounds one script, and goodbye all that is written at the end of a process.
	answerWithin = 2 * time.Second
	goodbye      = 3 * time.Second
	// keptFor is how long counts wait for a Redis that is away: an hour without figures is worth less
	// than the room they take. It is less than Redis remembers which were added.
	keptFor = time.Hour
)

// Counter counts what the attempts of a process come to. It keeps the counts in memory until Redis
// has them. It is safe for concurrent use.
type Counter struct {
	store   *Store
	process string
	log     *zap.Logger
	now     func() time.Time

	mu     sync.Mutex
	queues map[string]*tally

	lost bool // and said; only for whoever flushes
}

// NewCounter returns a counter of this process. The caller runs it.
func NewCounter(store *Store, log *zap.Logger) *Counter {
	return &Counter{store: store, process: uuid.NewString(), log: log, now: time.Now, queues: make(map[string]*tally)}
}

// Ended counts an attempt at a task of a queue, by its outcome. waited is how long the task had
// waited since it could run, below 0 if nobody knows; took is how long the attempt took. The attempt
// counts where it ends.
func (c *Counter) Ended(queue string, outcome tasks.Outcome, waited, took time.Duration) {
	place, wait, long := placeOf(outcome), bucketOf(waited), bucketOf(took)
	c.mu.Lock()
	defer c.mu.Unlock()
	t, ok := c.queues[queue]
	if !ok {
		t = &tally{}
		c.queues[queue] = t
	}
	t.counts[place]++
	if waited >= 0 {
		t.counts[waitHistogram+wait]++
	}
	t.counts[tookHistogram+long]++
	t.changed = true
}

// Run has the counts written every ten seconds, and once more when ctx ends, within three seconds. It
// returns then.
func (c *Counter) Run(ctx context.Context) {
	for tasks.Sleep(ctx, flushEvery) == nil {
		c.Flush(ctx)
	}
	last, cancel := context.WithTimeout(context.Background(), goodbye)
	defer cancel()
	c.Flush(last)
}

// Flush writes what there is. What Redis does not take is kept for an hour.
func (c *Counter) Flush(ctx context.Context) {
	c.mu.Lock()
	due := make(map[string]*tally, len(c.queues))
	for name, t := range c.queues {
		if t.close(c.now()) {
			due[name] = t
		}
	}
	c.mu.Unlock()
	failed := false
	for name, t := range due {
		if err := c.flush(ctx, name, t); err != nil {
			failed = true
			if !c.lost && ctx.Err() == nil { // or the next flush follows at once
				c.log.Warn("figures for charts are not written: they are kept for an hour", zap.String("queue", name), zap.Error(err))
			}
			c.lost = ctx.Err() == nil
		}
	}
	c.lost = c.lost && failed
}

// flush writes what there is of one queue: what was tried before, unchanged, and then the rest.
func (c *Counter) flush(ctx context.Context, queue string, t *tally) error {
	for {
		c.mu.Lock()
		batches := t.toSend()
		c.mu.Unlock()
		if len(batches) == 0 {
			return nil
		}
		within, cancel := context.WithTimeout(ctx, answerWithin)
		err := c.store.add(within, c.process, queue, c.now(), batches)
		cancel()
		if err != nil {
			return err
		}
		c.mu.Lock()
		t.sending = nil
		c.mu.Unlock()
	}
}
