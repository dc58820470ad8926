package queue

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/hibiken/asynq"

	"switchyard/internal/queue/format"
	"switchyard/internal/tasks"
)

// Status returns the task id in queue and true, or false if there is none.
func (c *Client) Status(ctx context.Context, queue, id string) (tasks.Status, bool, error) {
	var ours struct {
		Progress []byte `redis:"progress"`
		Run      string `redis:"run"`
	}
	// First what knows of ctx, and waits for a Redis that is away as long as the caller can:
	// asynq's inspector does not.
	err := c.redis.HMGet(ctx, format.Key(queue, "t:"+id), format.ProgressField, format.RunField).Scan(&ours)
	var info *asynq.TaskInfo
	if err == nil {
		info, err = c.inspector.GetTaskInfo(queue, id)
	}
	if errors.Is(err, asynq.ErrTaskNotFound) || errors.Is(err, asynq.ErrQueueNotFound) {
		return tasks.Status{}, false, nil
	}
	if err != nil {
		return tasks.Status{}, false, fmt.Errorf("status of task %s in %s: %w", id, queue, err)
	}
	return tasks.Status{
		ID: info.ID, Kind: info.Type, Queue: info.Queue, State: info.State.String(), Run: ours.Run,
		Retried: info.Retried, LastError: info.LastErr, NextRun: info.NextProcessAt, Completed: info.CompletedAt,
		Payload: info.Payload, Progress: ours.Progress, Result: info.Result,
	}, true, nil
}

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
		return tasks.Status{}, fmt.Errorf("no task %q in %s: it may have been done, and its retention be over", id, strings.Join(among, ", "))
	case 1:
		return all[0], nil
	}
	return tasks.Status{}, fmt.Errorf("task %q is in %s: name it as queue/ID", id, strings.Join(in, " and in "))
}

// Note keeps how far a task is, in JSON, for as long as the task is kept. It does nothing
// about a task that is gone.
func (c *Client) Note(ctx context.Context, queue, id string, progress []byte) error {
	if err := c.note(ctx, queue, id, format.ProgressField, progress); err != nil {
		return fmt.Errorf("note the progress of task %s in %s: %w", id, queue, err)
	}
	return nil
}

// note writes a field of a task's hash, unless the task is gone.
func (c *Client) note(ctx context.Context, queue, id, field string, value []byte) error {
	return setFieldScript.Run(ctx, c.redis, []string{format.Key(queue, "t:"+id)}, field, value).Err()
}

// StatusByKind is Status for a task in the queue its kind is routed to.
func (c *Client) StatusByKind(ctx context.Context, kind, id string) (tasks.Status, bool, error) {
	route, err := c.table.Route(kind)
	if err != nil {
		return tasks.Status{}, false, err
	}
	return c.Status(ctx, route.Queue, id)
}

// RunNow makes a task that is delayed, waits for its retry, is parked or dead ready at once.
// The error says if it is in none of these states.
func (c *Client) RunNow(queue, id string) error {
	err := c.inspector.RunTask(queue, id)
	if errors.Is(err, asynq.ErrTaskNotFound) || errors.Is(err, asynq.ErrQueueNotFound) {
		return fmt.Errorf("no task %q in queue %q: it may have been done, and its retention be over", id, queue)
	}
	if err != nil {
		return fmt.Errorf("run task %s in %s now: %w", id, queue, err)
	}
	return nil
}

// wake runs a delayed task at once. One that is gone, waiting or running already needs
// no waking, and one that cannot be woken now still runs at its own time.
func (c *Client) wake(target string) error {
	queue, id, _ := strings.Cut(target, "/")
	status, found, err := c.Status(context.Background(), queue, id)
	if err != nil || !found || status.State != asynq.TaskStateScheduled.String() {
		return err
	}
	if err := c.inspector.RunTask(queue, id); err != nil && !errors.Is(err, asynq.ErrTaskNotFound) {
		return fmt.Errorf("wake task %s in %s: %w", id, queue, err)
	}
	return nil
}
