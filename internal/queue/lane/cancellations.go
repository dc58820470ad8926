package lane

import (
	"context"
	"encoding/json"
	"fmt"

	"github.com/redis/go-redis/v9"

	"switchyard/internal/cache"
	"switchyard/internal/queue/format"
	"switchyard/internal/tasks"
)

// cancellations hear which running tasks are cancelled, on the channel that asynqmon and other
// programs of asynq's use. A message may be lost: who cancels by us also writes it with the
// task, where the renewer finds it.
type cancellations struct {
	redis    redis.UniversalClient
	listener *cache.Listener
	lanes    []*lane
}

func newCancellations(client redis.UniversalClient, lanes []*lane) *cancellations {
	return &cancellations{client, cache.NewListener(client, format.CancelChannel), lanes}
}

// run listens until ctx ends.
func (c *cancellations) run(ctx context.Context) {
	listening := make(chan struct{})
	go func() {
		defer close(listening)
		c.listener.Run(ctx)
	}()
	defer func() { <-listening }()
	for {
		select {
		case heard := <-c.listener.Heard():
			c.cancel(ctx, heard.Message)
		case <-ctx.Done():
			return
		}
	}
}

// cancel stops the attempts at tasks of an ID. The message names no queue.
func (c *cancellations) cancel(ctx context.Context, id string) {
	for _, l := range c.lanes {
		for _, a := range l.leases.find(id) {
			// Without an answer it is not known who has cancelled it, only that somebody has.
			by, _ := c.redis.HGet(ctx, format.TaskKey(a.source.queue, id), format.CancelField).Result()
			a.stop(cancelledBy(by), stopGrace)
		}
	}
}

// cancel stops the attempt at a task that was cancelled by somebody, given as in the task's hash.
func (l *lane) cancel(s *source, id, by string) {
	for _, a := range l.leases.find(id) {
		if a.source == s {
			a.stop(cancelledBy(by), stopGrace)
		}
	}
}

// cancelledBy returns the error of an attempt whose task was cancelled; text is what its hash
// says, "" if nothing.
func cancelledBy(text string) error {
	var c format.Cancellation
	if json.Unmarshal([]byte(text), &c) != nil || c.By == "" {
		return fmt.Errorf("%w over the channel %s", tasks.ErrCancelled, format.CancelChannel)
	}
	if c.Why == "" {
		return fmt.Errorf("%w by %.200s", tasks.ErrCancelled, c.By)
	}
	return fmt.Errorf("%w by %.200s: %.1000s", tasks.ErrCancelled, c.By, c.Why)
}
