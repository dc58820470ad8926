package queue

import (
	"context"
	_ "embed"
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"github.com/redis/go-redis/v9"

	"switchyard/internal/queue/format"
	"switchyard/internal/tasks"
)

//go:embed cancel.lua
var cancelLua string

var cancelScript = redis.NewScript(format.IndexLua + givenLua + byHandLua + cancelLua)

// Cancel ends tasks. One that waits, for whatever, has ended when this returns: it never runs.
// One that runs is about to: whoever performs it hears of it. To cancel what is cancelled
// changes nothing; of one that has ended otherwise the error says how.
func (c *Client) Cancel(ctx context.Context, names []tasks.Name, why tasks.Cancellation) ([]tasks.Handled, error) {
	if err := why.Check(); err != nil {
		return nil, err
	}
	now := time.Now().UTC()
	told, err := json.Marshal(format.Cancellation{By: why.By, Why: why.Why, At: now})
	if err != nil {
		return nil, fmt.Errorf("encode cancellation: %w", err)
	}
	wakes := make(map[tasks.Name]string)
	all := c.byHand(ctx, names, deed{
		script: cancelScript,
		say: func(s tasks.Status, call *handCall) []byte {
			call.Tells = s.Headers[format.NotifyHeader] != "" || s.Headers[format.BatchHeader] != "" || s.Headers[format.ReplyHeader] != ""
			wakes[tasks.Name{Queue: s.Queue, ID: s.ID}] = s.Headers[format.WakesHeader]
			failed, _ := json.Marshal(format.Failure{Attempt: s.Retried + s.Losses, Outcome: tasks.OutcomeCancelled, Message: why.String(), At: now}) // always has a text
			call.Error, call.Cancel = string(failed), string(told)
			call.Oldest, call.Most, call.Prefix = int64(format.DeadFor.Seconds()), format.DeadMost, format.TaskKey(s.Queue, "")
			return format.Failed(why.String(), now.Unix())
		},
		read: readCancel,
	})
	c.tellCancelled(ctx, all, wakes)
	return all, nil
}

// readCancel says what became of a task that was to be cancelled.
func readCancel(did string, h *tasks.Handled) {
	switch {
	case did == "ended", did == "before":
		h.Now = tasks.StateCancelled
	case did == "asked", h.Was == tasks.StateCancelled:
	case h.Was == tasks.StateBroken:
		h.Err = fmt.Errorf("task %s is broken: delete it", h.Name)
	default:
		h.Err = fmt.Errorf("task %s has %s already", h.Name, ended(h.Was))
	}
}

// ended says how a task came to its end.
func ended(s tasks.State) string {
	if s == tasks.StateCancelled {
		return "been cancelled"
	}
	return string(s)
}

// tellCancelled tells those who perform cancelled tasks, and wakes those that wait for one. Both
// hear of it in any case, only later.
func (c *Client) tellCancelled(ctx context.Context, all []tasks.Handled, wakes map[tasks.Name]string) {
	_, _ = c.redis.Pipelined(ctx, func(p redis.Pipeliner) error {
		for _, h := range all {
			if h.Err == nil && h.Was == tasks.StateRunning && h.Now == h.Was {
				p.Publish(ctx, format.CancelChannel, h.ID)
			}
		}
		return nil
	})
	for _, h := range all {
		target := wakes[h.Name]
		if h.Err != nil || h.Was == h.Now || target == "" {
			continue
		}
		if queue, id, both := strings.Cut(target, "/"); both {
			_ = c.runOnly(ctx, tasks.Name{Queue: queue, ID: id}, scheduled).Err
		}
	}
}
