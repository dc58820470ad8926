package queue

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/redis/go-redis/v9"

	"switchyard/internal/queue/format"
	"switchyard/internal/tasks"
)

// Replay adds for each of tasks that have ended a new one with a new ID: of the same kind, with
// the same payload and headers, in the same queue, as its kind's policy is now.
func (c *Client) Replay(ctx context.Context, names []tasks.Name) []tasks.Handled {
	all := make([]tasks.Handled, len(names))
	for begin := 0; begin < len(names); begin += lookAtOnce {
		end := min(begin+lookAtOnce, len(names))
		c.replaySome(ctx, names[begin:end], all[begin:end])
	}
	return all
}

func (c *Client) replaySome(ctx context.Context, names []tasks.Name, all []tasks.Handled) {
	replies := make([]*redis.StringCmd, len(names))
	_, _ = c.redis.Pipelined(ctx, func(p redis.Pipeliner) error {
		for i, name := range names {
			replies[i] = p.HGet(ctx, format.TaskKey(name.Queue, name.ID), "msg")
		}
		return nil
	})
	statuses, err := c.statuses(ctx, names)
	var messages []message
	var places []int
	for i, name := range names {
		if all[i] = (tasks.Handled{Name: name, Err: err}); err != nil {
			continue
		}
		s := statuses[i]
		all[i].Was, all[i].Now, all[i].For = s.State, s.State, tasks.UserOf(s.Payload)
		m, err := c.again(ctx, s, replies[i].Val())
		if err != nil {
			all[i].Err = err
			continue
		}
		_, span := c.trace(ctx, "create", m)
		span.End()
		messages, places = append(messages, m), append(places, i)
	}
	for i, added := range c.add(ctx, messages, time.Time{}) {
		all[places[i]].Again, all[places[i]].Err = &added.Receipt, added.Err
	}
}

// again returns the message of a task that is to be done again.
func (c *Client) again(ctx context.Context, s tasks.Status, text string) (message, error) {
	name := tasks.Name{Queue: s.Queue, ID: s.ID}
	switch {
	case s.State == "":
		return message{}, noTask(name)
	case s.State == tasks.StateBroken:
		return message{}, fmt.Errorf("task %s is broken: delete it", name)
	case !s.State.Ended():
		return message{}, fmt.Errorf("task %s is %s: only what has ended is replayed", name, s.State)
	case !slices.Contains(c.queues, s.Queue):
		return message{}, fmt.Errorf("task %s: its queue is none of ours", name)
	}
	old, err := format.Decode(text)
	if err != nil {
		return message{}, fmt.Errorf("task %s: %w", name, err)
	}
	route, err := c.table.Route(old.Kind)
	if err == nil {
		_, err = c.catalog.Check(old.Kind, old.Payload)
	}
	if err != nil {
		return message{}, fmt.Errorf("task %s: %w", name, err)
	}
	headers := make(map[string]string, len(old.Headers))
	maps.Copy(headers, old.Headers)
	delete(headers, format.ExpiresHeader) // its time is over
	delete(headers, format.ReplyHeader)   // others have been told its end
	delete(headers, format.BatchHeader)   // the batch has had its end
	return message{id: tasks.NewID(ctx, name.String()), made: true, kind: old.Kind, queue: s.Queue, payload: old.Payload, headers: headers, policy: route.Policy}, nil
}
