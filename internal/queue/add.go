package queue

import (
	"context"
	"encoding/json"
	"fmt"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/google/uuid"
	"go.opentelemetry.io/otel/trace"

	"switchyard/internal/queue/format"
	"switchyard/internal/tasks"
	"switchyard/internal/telemetry"
)

// Enqueue implements [tasks.Enqueuer].
func (c *Client) Enqueue(ctx context.Context, args tasks.Args, opts tasks.Options) (tasks.Receipt, error) {
	m, err := c.prepare(tasks.New{Args: args, Options: opts})
	if err != nil {
		return tasks.Receipt{}, tasks.Permanent(err)
	}
	ctx, span := c.trace(ctx, "send", m)
	defer span.End()
	added := c.add(ctx, []message{m}, time.Time{})[0]
	if added.Err != nil {
		telemetry.Fail(ctx, span, added.Err, "redis")
	}
	return added.Receipt, added.Err
}

// addAtOnce bounds the tasks that are on their way to Redis at the same time.
const addAtOnce = 250

// EnqueueMany adds tasks, a few hundred in a round trip, and returns what became of each, in
// their order. A task that is refused keeps none of the others from being added.
func (c *Client) EnqueueMany(ctx context.Context, all []tasks.New) []tasks.Added {
	added := make([]tasks.Added, len(all))
	var adding sync.WaitGroup
	for begin := 0; begin < len(all); begin += addAtOnce {
		end := min(begin+addAtOnce, len(all))
		some, places := c.prepareMany(ctx, all[begin:end], added[begin:end])
		adding.Wait() // they come in order, and the next are prepared while Redis adds these
		adding.Go(func() {
			for i, result := range c.add(ctx, some, time.Time{}) {
				added[begin+places[i]] = result
			}
		})
	}
	adding.Wait()
	return added
}

// prepareMany returns the messages of tasks, with their places, and says which are refused.
func (c *Client) prepareMany(ctx context.Context, some []tasks.New, added []tasks.Added) (messages []message, places []int) {
	for i, task := range some {
		m, err := c.prepare(task)
		if err != nil {
			added[i].Err = tasks.Permanent(err)
			continue
		}
		_, span := c.trace(ctx, "create", m)
		span.End()
		messages, places = append(messages, m), append(places, i)
	}
	return messages, places
}

// prepare turns a task into its message, or says why it cannot be one.
func (c *Client) prepare(task tasks.New) (message, error) {
	opts := task.Options
	kind := task.Args.Kind()
	payload, err := tasks.Encode(task.Args)
	if err != nil {
		return message{}, err
	}
	route, err := c.table.RouteTask(kind, payload)
	if err != nil {
		return message{}, err
	}
	definition, err := c.catalog.Check(kind, payload)
	if err != nil {
		return message{}, err
	}
	if definition.Internal {
		return message{}, errInternal(kind)
	}
	if opts.Queue != "" {
		route.Queue = opts.Queue
	}
	if err := c.checkOptions(route.Queue, opts); err != nil {
		return message{}, fmt.Errorf("%s: %w", kind, err)
	}
	m := message{
		id: opts.ID, kind: kind, queue: route.Queue, payload: payload, policy: route.Policy, at: opts.At, deadline: opts.Deadline, retried: opts.Retried, once: opts.Once,
		headers: map[string]string{format.VersionHeader: strconv.Itoa(definition.Version)},
	}
	m.policy.Unique = max(m.policy.Unique, opts.Unique)
	m.policy.Retention = max(m.policy.Retention, opts.Retention)
	if len(opts.Tags) > 0 {
		m.headers[format.TagsHeader] = strings.Join(opts.Tags, ",")
	}
	if opts.Batch != "" {
		m.headers[format.BatchHeader] = opts.Batch
	}
	if len(opts.Meta) > 0 {
		text, _ := json.Marshal(opts.Meta) // strings always have a text
		m.headers[format.MetaHeader] = string(text)
	}
	if opts.Wakes != nil {
		m.headers[format.WakesHeader] = opts.Wakes.Queue + "/" + opts.Wakes.ID
	}
	if len(opts.Notify) > 0 {
		hooks, err := json.Marshal(opts.Notify)
		if err != nil {
			return message{}, fmt.Errorf("%s: notify: %w", kind, err)
		}
		m.headers[format.NotifyHeader] = string(hooks)
	}
	m.setOwn(opts)
	if m.id == "" {
		m.id, m.made = uuid.NewString(), true
	}
	return m, nil
}

// trace begins the span of a task that is sent, and has the task's headers carry it.
func (c *Client) trace(ctx context.Context, does string, m message) (context.Context, trace.Span) {
	if c.untraced {
		telemetry.Inject(ctx, m.headers)
		return ctx, trace.SpanFromContext(context.Background()) // not the caller's, which is not ours to end
	}
	ctx, span := telemetry.Begin(ctx, c.traces, trace.SpanKindProducer, does+" "+m.kind, telemetry.Sending(does, m.queue, m.kind, m.id)...)
	telemetry.Inject(ctx, m.headers)
	return ctx, span
}
