package queue

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"time"

	"github.com/redis/go-redis/v9"

	"switchyard/internal/queue/format"
	"switchyard/internal/tasks"
)

// EnqueueTicks adds the tasks of ticks, those of a queue a few hundred to a script, all in
// one round trip, and returns what became of each, in their order. A tick that is not
// later than the latest of its entry that was added is a duplicate, for at least as long
// as [Client.SweepTicks] keeps it in mind.
//
// From the moment until on, by the clock of the queue's Redis, nothing is added: the
// error then is [tasks.ErrTooLate]. An error that is permanent says that the task never can
// be added; any other, that Redis could not be asked.
func (c *Client) EnqueueTicks(ctx context.Context, ticks []tasks.Tick, until time.Time) []tasks.TickResult {
	results := make([]tasks.TickResult, len(ticks))
	var batches []*tickBatch
	open := make(map[string]*tickBatch) // by queue
	for i, tick := range ticks {
		m, err := c.prepare(tick)
		if err != nil {
			results[i].Err = tasks.Permanent(err)
			continue
		}
		_, span := c.trace(ctx, "create", m)
		span.End()
		queue := m.route.Queue
		results[i].Receipt = tasks.Receipt{ID: tick.ID, Kind: tick.Kind, Queue: queue}
		b := open[queue]
		if b == nil || len(b.places) == maxTickBatch {
			b = &tickBatch{queue: queue, args: []any{until.UnixMilli(), format.Key(queue, "t:"), format.MaxTokens}}
			open[queue] = b
			batches = append(batches, b)
		}
		b.places = append(b.places, i)
		b.args = append(b.args, tick.Entry, tick.At.Unix(), tick.ID, m.encode(), m.lock(), int64(m.route.Policy.Unique.Seconds()))
	}
	c.addTicks(ctx, batches)
	for _, b := range batches {
		b.report(results)
	}
	return results
}

// prepare turns a tick into its task's message, or says why it cannot be one.
func (c *Client) prepare(tick tasks.Tick) (message, error) {
	route, err := c.table.Route(tick.Kind)
	if err != nil {
		return message{}, err
	}
	if tick.Queue != "" {
		route.Queue = tick.Queue
	}
	if err := c.checkOptions(route.Queue, tasks.Options{ID: tick.ID}); err != nil {
		return message{}, fmt.Errorf("%s: %w", tick.Kind, err)
	}
	payload := tick.Payload
	if len(payload) == 0 {
		payload = []byte("{}")
	}
	definition, err := c.catalog.Check(tick.Kind, payload)
	if err != nil {
		return message{}, err
	}
	headers := map[string]string{format.VersionHeader: strconv.Itoa(definition.Version)}
	if !tick.Expires.IsZero() {
		headers[format.ExpiresHeader] = strconv.FormatInt(tick.Expires.Unix(), 10)
	}
	return message{id: tick.ID, kind: tick.Kind, payload: payload, headers: headers, route: route}, nil
}

// maxTickBatch bounds the ticks of one script: other clients wait for its end, and Lua
// passes no more than a few thousand values to a command.
const maxTickBatch = 500

// tickBatch is ticks of one queue.
type tickBatch struct {
	queue  string
	places []int // of the ticks among all
	args   []any // of the script
	reply  *redis.Cmd
}

// addTicks runs the script on each batch.
func (c *Client) addTicks(ctx context.Context, batches []*tickBatch) {
	c.runTicks(ctx, batches, func(p redis.Pipeliner, keys []string, args []any) *redis.Cmd {
		return p.EvalSha(ctx, addTicksScript.Hash(), keys, args...)
	})
	var again []*tickBatch
	for _, b := range batches {
		if redis.HasErrorPrefix(b.reply.Err(), "NOSCRIPT") {
			again = append(again, b)
		}
	}
	c.runTicks(ctx, again, func(p redis.Pipeliner, keys []string, args []any) *redis.Cmd {
		return p.Eval(ctx, addTicksLua, keys, args...)
	})
}

// runTicks runs a script on each of batches. Each reply carries its own error.
func (c *Client) runTicks(ctx context.Context, batches []*tickBatch, script func(redis.Pipeliner, []string, []any) *redis.Cmd) {
	if len(batches) == 0 {
		return
	}
	_, _ = c.redis.Pipelined(ctx, func(p redis.Pipeliner) error {
		for _, b := range batches {
			p.SAdd(ctx, format.Queues, b.queue)
			b.reply = script(p, []string{format.Key(b.queue, "pending"), format.LedgerKey(b.queue), format.AgesKey(b.queue), format.WakeKey(b.queue)}, b.args)
		}
		return nil
	})
}

// report writes what the script said of b's ticks into results.
func (b *tickBatch) report(results []tasks.TickResult) {
	reply, err := b.reply.Int64Slice()
	switch {
	case err != nil:
		err = fmt.Errorf("enqueue ticks: %w", err)
	case len(reply) != len(b.places):
		err = tasks.ErrTooLate
	}
	for i, place := range b.places {
		if err != nil {
			results[place].Err = err
		} else {
			results[place].Receipt.Duplicate = reply[i] == 0
		}
	}
}

// States returns the states of tasks, as [tasks.Status] has them, "" for one that is not
// there any more, in one round trip.
func (c *Client) States(ctx context.Context, receipts []tasks.Receipt) ([]string, error) {
	replies := make([]*redis.StringCmd, len(receipts))
	_, err := c.redis.Pipelined(ctx, func(p redis.Pipeliner) error {
		for i, r := range receipts {
			replies[i] = p.HGet(ctx, format.Key(r.Queue, "t:"+r.ID), "state")
		}
		return nil
	})
	if err != nil && !errors.Is(err, redis.Nil) {
		return nil, fmt.Errorf("states of %d tasks: %w", len(receipts), err)
	}
	states := make([]string, len(receipts))
	for i, reply := range replies {
		if states[i], err = reply.Result(); err != nil && !errors.Is(err, redis.Nil) {
			return nil, fmt.Errorf("state of task %s: %w", receipts[i].ID, err)
		}
	}
	return states, nil
}
