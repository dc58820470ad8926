// Package queue adds tasks to queues in Redis, looks at them, and does to them by hand what
// people ask for. The queues are in asynq's format, see package format, so that asynqmon, the
// asynq command line and foreign asynq clients work on the same Redis. Package lane performs
// the tasks.
//
// A [Client] refuses what the catalog refuses, and so does a lane: a bad task is told to its
// producer where possible, and goes to the dead letter with a readable reason where not.
package queue

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"github.com/redis/go-redis/v9"
	"go.opentelemetry.io/otel/trace"

	"switchyard/internal/routing"
	"switchyard/internal/tasks"
	"switchyard/internal/telemetry"
)

// Client adds tasks and looks at them. It is safe for concurrent use.
type Client struct {
	redis    redis.UniversalClient
	table    *routing.Table
	catalog  *tasks.Catalog
	queues   []string
	traces   trace.TracerProvider
	untraced bool   // spans go nowhere
	told     ticker // of progress
	listed   listing
	noter    Noter
	perUser  map[string]int // turns of a user, by queue
}

// Noter is told of each task that is about to be added: it notes what older programs would not serve.
type Noter interface {
	NoteTask(ctx context.Context, kind string, headers map[string]string)
}

// NoteTo has the client tell a noter. It is called before the client is used.
func (c *Client) NoteTo(n Noter) { c.noter = n }

// LimitTurns tells the client how many turns a user has in each queue; in others any number. It is called
// before the client is used.
func (c *Client) LimitTurns(perUser map[string]int) { c.perUser = perUser }

// NewClient returns a client that routes by table, checks payloads against catalog and
// adds to no queue but queues. The spans of what it sends, and of what lanes perform with it,
// go to traces. The Redis client stays the caller's to close.
func NewClient(client redis.UniversalClient, table *routing.Table, catalog *tasks.Catalog, queues []string, traces trace.TracerProvider) *Client {
	return &Client{
		redis:    client,
		table:    table,
		catalog:  catalog,
		queues:   queues,
		traces:   traces,
		untraced: telemetry.GoNowhere(traces),
	}
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
	definition, err := c.catalog.Check(kind, payload)
	if err == nil && definition.Internal {
		err = errInternal(kind)
	}
	if err != nil {
		return err
	}
	return c.checkOptions(route.Queue, tasks.Options{})
}

func (c *Client) checkOptions(queue string, opts tasks.Options) error {
	if opts.ID != "" {
		if err := tasks.CheckID(opts.ID); err != nil {
			return err
		}
	}
	if err := c.checkQueue(queue); err != nil {
		return err
	}
	if len(opts.Notify) > tasks.MaxHooks {
		return fmt.Errorf("notify has %d addresses: give at most %d", len(opts.Notify), tasks.MaxHooks)
	}
	if opts.Retried < 0 || opts.SoftLimit < 0 || opts.HardLimit < 0 {
		return fmt.Errorf("retried %d, soft limit %s and hard limit %s must not be negative: leave them out", opts.Retried, opts.SoftLimit, opts.HardLimit)
	}
	if len(opts.Reply) > tasks.MaxReply || len(opts.Reply) > 0 && !json.Valid(opts.Reply) {
		return fmt.Errorf("reply has %d bytes: give JSON of at most %d", len(opts.Reply), tasks.MaxReply)
	}
	if opts.Unique < 0 || opts.Retention < 0 {
		return fmt.Errorf("unique %s and retention %s must not be negative: give a duration, or leave it out", opts.Unique, opts.Retention)
	}
	if err := tasks.CheckTags(opts.Tags); err != nil {
		return err
	}
	if err := tasks.CheckMeta(opts.Meta); err != nil {
		return err
	}
	return checkTimes(opts, time.Now())
}

// maxAgo is how long ago the time of a task may be: clocks differ, and a request takes a while.
// Such a task runs at once. A deadline is past or it is not.
const maxAgo = time.Minute

// checkTimes reports that a task was to run at a time that is over, or could never run.
func checkTimes(opts tasks.Options, now time.Time) error {
	ago := func(t time.Time) string {
		return fmt.Sprintf("%s, %s ago", t.Format(time.RFC3339), now.Sub(t).Round(time.Second))
	}
	switch {
	case !opts.At.IsZero() && now.Sub(opts.At) > maxAgo:
		return fmt.Errorf("its time is over (%s): give one that is to come, or none to run it now", ago(opts.At))
	case opts.Deadline.IsZero():
		return nil
	case !opts.Deadline.After(now):
		return fmt.Errorf("its deadline has passed (%s), and it would never run: give one that is to come, or none", ago(opts.Deadline))
	case !opts.Deadline.After(opts.At):
		return fmt.Errorf("its deadline %s is not after its time %s, and it would never run: give a later one", opts.Deadline.Format(time.RFC3339), opts.At.Format(time.RFC3339))
	}
	return nil
}

// errInternal is why nobody may send a task of a kind.
func errInternal(kind string) error {
	return fmt.Errorf("kind %q is sent by Switchyard alone: give another one", kind)
}
