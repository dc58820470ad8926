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
	"go.opentelemetry.io/otel/trace"

	"switchyard/internal/queue/format"
	"switchyard/internal/routing"
	"switchyard/internal/tasks"
	"switchyard/internal/telemetry"
)

// Client adds tasks and looks at them. It is safe for concurrent use.
type Client struct {
	redis     redis.UniversalClient
	asynq     *asynq.Client
	inspector *asynq.Inspector
	table     *routing.Table
	catalog   *tasks.Catalog
	queues    []string
	traces    trace.TracerProvider
}

// NewClient returns a client that routes by table, checks payloads against catalog and
// adds to no queue but queues. The spans of what it sends, and of what lanes perform with it,
// go to traces. The Redis client stays the caller's to close.
func NewClient(client redis.UniversalClient, table *routing.Table, catalog *tasks.Catalog, queues []string, traces trace.TracerProvider) *Client {
	waking := Waking(client)
	return &Client{
		redis:     client,
		asynq:     asynq.NewClientFromRedisClient(waking),
		inspector: asynq.NewInspectorFromRedisClient(waking),
		table:     table,
		catalog:   catalog,
		queues:    queues,
		traces:    traces,
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
	headers := map[string]string{format.VersionHeader: strconv.Itoa(definition.Version)}
	if opts.Wakes != nil {
		headers[format.WakesHeader] = opts.Wakes.Queue + "/" + opts.Wakes.ID
	}
	if !opts.At.IsZero() {
		ctx = withDelay(ctx, delay{at: opts.At})
	}
	return c.send(ctx, message{id: opts.ID, kind: kind, payload: payload, headers: headers, route: route}, opts)
}

// send adds a task that has been checked, in a span that goes with it.
func (c *Client) send(ctx context.Context, m message, opts tasks.Options) (tasks.Receipt, error) {
	ctx, span := c.trace(ctx, "send", m)
	defer span.End()
	receipt := tasks.Receipt{ID: m.id, Kind: m.kind, Queue: m.route.Queue}
	info, err := c.asynq.EnqueueContext(ctx, asynq.NewTaskWithHeaders(m.kind, m.payload, m.headers), asynqOptions(m.route, opts)...)
	switch {
	case errors.Is(err, asynq.ErrDuplicateTask), errors.Is(err, asynq.ErrTaskIDConflict):
		receipt.Duplicate = true
		return receipt, nil
	case err != nil:
		telemetry.Fail(ctx, span, err, "redis")
		return tasks.Receipt{}, fmt.Errorf("enqueue %s: %w", m.kind, err)
	}
	receipt.ID = info.ID
	span.SetAttributes(telemetry.SentAs(receipt.ID))
	return receipt, nil
}

// trace begins the span of a task that is sent, and has the task's headers carry it.
func (c *Client) trace(ctx context.Context, does string, m message) (context.Context, trace.Span) {
	ctx, span := telemetry.Begin(ctx, c.traces, trace.SpanKindProducer, does+" "+m.kind, telemetry.Sending(does, m.route.Queue, m.kind, m.id)...)
	telemetry.Inject(ctx, m.headers)
	return ctx, span
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
