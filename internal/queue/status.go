package queue

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/redis/go-redis/v9"

	"switchyard/internal/queue/format"
	"switchyard/internal/tasks"
)

// Status returns the task id in queue and true, or false if there is none.
func (c *Client) Status(ctx context.Context, queue, id string) (tasks.Status, bool, error) {
	all, err := c.statuses(ctx, []tasks.Name{{Queue: queue, ID: id}})
	if err != nil {
		return tasks.Status{}, false, fmt.Errorf("status of task %s in %s: %w", id, queue, err)
	}
	return all[0], all[0].State != "", nil
}

// Statuses returns tasks, in the order of their names. The state of one that is not there, or is in no queue
// of ours, is "".
func (c *Client) Statuses(ctx context.Context, names []tasks.Name) ([]tasks.Status, error) {
	all := make([]tasks.Status, 0, len(names))
	for some := range slices.Chunk(names, lookAtOnce) {
		found, err := c.statuses(ctx, some)
		if err != nil {
			return nil, err
		}
		for _, s := range found {
			if !slices.Contains(c.queues, s.Queue) {
				s.State = ""
			}
			all = append(all, s)
		}
	}
	return all, nil
}

// Now returns Redis's time, by which it is noted when tasks were added.
func (c *Client) Now(ctx context.Context) (time.Time, error) {
	now, err := c.redis.Time(ctx).Result()
	if err != nil {
		return now, fmt.Errorf("ask redis for the time: %w", err)
	}
	return now.UTC(), nil
}

// statuses returns tasks in one round trip. The state of one that is gone is "".
func (c *Client) statuses(ctx context.Context, names []tasks.Name) ([]tasks.Status, error) {
	replies := make([]kept, len(names))
	// Each reply carries its own error.
	_, _ = c.redis.Pipelined(ctx, func(p redis.Pipeliner) error {
		for i, name := range names {
			replies[i] = kept{
				state:     askState(ctx, p, name.Queue, name.ID),
				scheduled: p.ZScore(ctx, format.Key(name.Queue, scheduled), name.ID),
				archived:  p.ZScore(ctx, format.Key(name.Queue, archived), name.ID),
				fields:    p.HMGet(ctx, format.TaskKey(name.Queue, name.ID), keptFields...),
			}
		}
		return nil
	})
	all := make([]tasks.Status, len(names))
	for i, reply := range replies {
		var err error
		if all[i], err = reply.status(names[i]); err != nil {
			return nil, fmt.Errorf("task %s: %w", names[i], err)
		}
	}
	return all, nil
}

// Errors of [Client.Find] and of what is done to tasks by hand.
var (
	// ErrNotFound says that there is no such task.
	ErrNotFound = errors.New("it may have been done, and its retention be over")
	// ErrAmbiguous says that several queues have a task of that ID.
	ErrAmbiguous = errors.New("name it as queue/ID")
)

// Find returns the task that name names: an ID, or queue/ID. Several queues may have a task
// of that ID; the error says so, or that there is none.
func (c *Client) Find(ctx context.Context, name string) (tasks.Status, error) {
	among, id := c.queues, name
	if queue, rest, both := strings.Cut(name, "/"); both && slices.Contains(c.queues, queue) {
		among, id = []string{queue}, rest
	}
	var all []tasks.Status
	var in []string
	for _, queue := range among {
		status, found, err := c.Status(ctx, queue, id)
		if err != nil {
			return tasks.Status{}, err
		}
		if found {
			all, in = append(all, status), append(in, queue)
		}
	}
	switch len(all) {
	case 0:
		return tasks.Status{}, fmt.Errorf("no task %q in %s: %w", id, strings.Join(among, ", "), ErrNotFound)
	case 1:
		return all[0], nil
	}
	return tasks.Status{}, fmt.Errorf("task %q is in %s: %w", id, strings.Join(in, " and in "), ErrAmbiguous)
}

// StatusByKind is Status for a task in a queue that its kind is routed to.
func (c *Client) StatusByKind(ctx context.Context, kind, id string) (status tasks.Status, found bool, err error) {
	if err := tasks.CheckKind(kind); err != nil {
		return tasks.Status{}, false, err
	}
	for _, queue := range c.table.Queues(kind) {
		if status, found, err = c.Status(ctx, queue, id); err != nil || found {
			break
		}
	}
	return status, found, err
}
