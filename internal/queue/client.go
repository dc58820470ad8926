// Package queue carries tasks through Redis. It is the only package that knows asynq:
// its client, its servers and its keys, which stay exactly asynq's, so that asynqmon,
// the asynq command line and foreign asynq clients work on the same Redis.
//
// A [Client] adds tasks, a [Lane] performs those of one queue. Both refuse what the
// catalog refuses, so that a bad task is told to its producer where possible and goes
// to the dead letter with a readable reason where not.
package queue

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/hibiken/asynq"
	"github.com/redis/go-redis/v9"

	"switchyard/internal/routing"
	"switchyard/internal/tasks"
)

// Headers a task carries beside its payload. Tasks of foreign clients have none.
const (
	versionHeader = "switchyard-version"
	wakesHeader   = "switchyard-wakes"
)

// Client adds tasks and looks at them. It is safe for concurrent use.
type Client struct {
	redis     redis.UniversalClient
	asynq     *asynq.Client
	inspector *asynq.Inspector
	table     *routing.Table
	catalog   *tasks.Catalog
	queues    []string
}

// NewClient returns a client that routes by table, checks payloads against catalog and
// adds to no queue but queues. The Redis client stays the caller's to close.
func NewClient(client redis.UniversalClient, table *routing.Table, catalog *tasks.Catalog, queues []string) *Client {
	waking := Waking(client)
	return &Client{
		redis:     client,
		asynq:     asynq.NewClientFromRedisClient(waking),
		inspector: asynq.NewInspectorFromRedisClient(waking),
		table:     table,
		catalog:   catalog,
		queues:    queues,
	}
}

// Enqueue implements [tasks.Enqueuer].
func (c *Client) Enqueue(ctx context.Context, args tasks.Args, opts tasks.Options) (tasks.Receipt, error) {
	kind := args.Kind()
	route, err := c.table.Route(kind)
	if err != nil {
		return tasks.Receipt{}, tasks.Permanent(err)
	}
	payload, err := tasks.Encode(args)
	if err != nil {
		return tasks.Receipt{}, tasks.Permanent(err)
	}
	definition, err := c.catalog.Check(kind, payload)
	if err != nil {
		return tasks.Receipt{}, tasks.Permanent(err)
	}
	if opts.Queue != "" {
		route.Queue = opts.Queue
	}
	if err := c.checkOptions(route.Queue, opts); err != nil {
		return tasks.Receipt{}, tasks.Permanent(fmt.Errorf("%s: %w", kind, err))
	}
	headers := map[string]string{versionHeader: strconv.Itoa(definition.Version)}
	if opts.Wakes != nil {
		headers[wakesHeader] = opts.Wakes.Queue + "/" + opts.Wakes.ID
	}
	receipt := tasks.Receipt{ID: opts.ID, Kind: kind, Queue: route.Queue}
	if !opts.At.IsZero() {
		ctx = withDue(ctx, opts.At)
	}
	info, err := c.asynq.EnqueueContext(ctx, asynq.NewTaskWithHeaders(kind, payload, headers), asynqOptions(route, opts)...)
	switch {
	case errors.Is(err, asynq.ErrDuplicateTask), errors.Is(err, asynq.ErrTaskIDConflict):
		receipt.Duplicate = true
		return receipt, nil
	case err != nil:
		return tasks.Receipt{}, fmt.Errorf("enqueue %s: %w", kind, err)
	}
	receipt.ID = info.ID
	return receipt, nil
}

// Check reports why a payload could not be enqueued as a task of kind; queue is "" for
// the one the kind is routed to.
func (c *Client) Check(kind string, payload []byte, queue string) error {
	route, err := c.table.Route(kind)
	if err != nil {
		return err
	}
	if queue != "" {
		route.Queue = queue
	}
	if _, err := c.catalog.Check(kind, payload); err != nil {
		return err
	}
	return c.checkOptions(route.Queue, tasks.Options{})
}

// asynqOptions spells a route and its exceptions in asynq's terms.
func asynqOptions(route routing.Route, opts tasks.Options) []asynq.Option {
	p := route.Policy
	options := []asynq.Option{
		asynq.Queue(route.Queue),
		// One more than the policy's: asynq archives a task that is set aside on its
		// last attempt. The lane ends the retries where the policy does.
		asynq.MaxRetry(p.Retries + 1),
		// The lane keeps the hard limit itself, for foreign tasks too. This one only
		// keeps asynq's default of 30 minutes from cutting a longer limit short.
		asynq.Timeout(p.HardLimit + abortGrace),
		asynq.Retention(max(p.Retention, opts.Retention)),
	}
	if unique := max(p.Unique, opts.Unique); unique > 0 {
		options = append(options, asynq.Unique(unique))
	}
	if opts.ID != "" {
		options = append(options, asynq.TaskID(opts.ID))
	}
	if !opts.At.IsZero() {
		options = append(options, asynq.ProcessAt(opts.At))
	}
	if !opts.Deadline.IsZero() {
		options = append(options, asynq.Deadline(opts.Deadline))
	}
	return options
}

func (c *Client) checkOptions(queue string, opts tasks.Options) error {
	if opts.ID != "" {
		if err := tasks.CheckID(opts.ID); err != nil {
			return err
		}
	}
	switch {
	case !slices.Contains(c.queues, queue):
		return fmt.Errorf("unknown queue %q: use one of %s", queue, strings.Join(c.queues, ", "))
	case opts.Unique < 0 || opts.Retention < 0:
		return errors.New("unique and retention must not be negative")
	}
	return nil
}

// Status returns the task id in queue and true, or false if there is none.
func (c *Client) Status(ctx context.Context, queue, id string) (tasks.Status, bool, error) {
	info, err := c.inspector.GetTaskInfo(queue, id)
	if errors.Is(err, asynq.ErrTaskNotFound) || errors.Is(err, asynq.ErrQueueNotFound) {
		return tasks.Status{}, false, nil
	}
	var progress []byte
	if err == nil {
		progress, err = c.redis.HGet(ctx, keyOf(queue, "t:"+id), progressField).Bytes()
	}
	if err != nil && !errors.Is(err, redis.Nil) {
		return tasks.Status{}, false, fmt.Errorf("status of task %s in %s: %w", id, queue, err)
	}
	return tasks.Status{
		ID: info.ID, Kind: info.Type, Queue: info.Queue, State: info.State.String(),
		Retried: info.Retried, LastError: info.LastErr, NextRun: info.NextProcessAt, Completed: info.CompletedAt,
		Payload: info.Payload, Progress: progress, Result: info.Result,
	}, true, nil
}

// progressField is the field of a task's hash with its progress. asynq does not know it.
const progressField = "progress"

// Note keeps how far a task is, in JSON, for as long as the task is kept. It does nothing
// about a task that is gone.
func (c *Client) Note(ctx context.Context, queue, id string, progress []byte) error {
	if err := noteScript.Run(ctx, c.redis, []string{keyOf(queue, "t:"+id)}, progressField, progress).Err(); err != nil {
		return fmt.Errorf("note the progress of task %s in %s: %w", id, queue, err)
	}
	return nil
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

// Unpark runs a task that was set aside at once, and reports whether it may be forgotten:
// it will run, or is gone. One whose attempt has not ended yet may not.
func (c *Client) Unpark(ctx context.Context, queue, id string) (bool, error) {
	status, found, err := c.Status(ctx, queue, id)
	if err != nil || !found {
		return err == nil, err
	}
	aside := func(state string) bool {
		return state == asynq.TaskStateRetry.String() || state == asynq.TaskStateScheduled.String()
	}
	if !aside(status.State) {
		return status.State != asynq.TaskStateActive.String(), nil
	}
	runErr := c.inspector.RunTask(queue, id)
	if runErr == nil {
		return true, nil
	}
	// Somebody else may have run it just now.
	if status, found, err = c.Status(ctx, queue, id); err == nil && (!found || !aside(status.State)) {
		return true, nil
	}
	return false, fmt.Errorf("run parked task %s in %s: %w", id, queue, runErr)
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
