package queue

import (
	"context"
	"fmt"
	"time"

	"switchyard/internal/tasks"
)

// EnqueueTicks adds the tasks of ticks, all in one round trip, and returns what became of
// each, in their order. A tick that is not later than the latest of its entry that was added
// is a duplicate, for at least as long as [Client.SweepTicks] keeps it in mind.
//
// From the moment until on, by the clock of the queue's Redis, nothing is added: the
// error then is [tasks.ErrTooLate]. An error that is permanent says that the task never can
// be added; any other, that Redis could not take it.
func (c *Client) EnqueueTicks(ctx context.Context, ticks []tasks.Tick, until time.Time) []tasks.Added {
	results := make([]tasks.Added, len(ticks))
	messages := make([]message, 0, len(ticks))
	places := make([]int, 0, len(ticks))
	for i, tick := range ticks {
		m, err := c.prepareTick(tick)
		if err != nil {
			results[i].Err = tasks.Permanent(err)
			continue
		}
		_, span := c.trace(ctx, "create", m)
		span.End()
		messages, places = append(messages, m), append(places, i)
	}
	for i, result := range c.add(ctx, messages, until) {
		results[places[i]] = result
	}
	return results
}

// prepareTick turns a tick into its task's message, or says why it cannot be one.
func (c *Client) prepareTick(tick tasks.Tick) (message, error) {
	if err := tasks.CheckID(tick.ID); err != nil {
		return message{}, fmt.Errorf("%s: %w", tick.Kind, err)
	}
	m, err := c.prepare(tasks.New{Args: tasks.Raw{Name: tick.Kind, Payload: tick.Payload}, Options: tasks.Options{ID: tick.ID, Queue: tick.Queue, Expires: tick.Expires.Truncate(time.Second)}})
	if err != nil {
		return message{}, err
	}
	m.entry, m.tick = tick.Entry, tick.At.Unix()
	return m, nil
}
