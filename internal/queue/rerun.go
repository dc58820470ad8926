package queue

import (
	"context"
	_ "embed"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/redis/go-redis/v9"

	"switchyard/internal/queue/format"
	"switchyard/internal/tasks"
)

//go:embed run.lua
var runLua string

var runScript = redis.NewScript(givenLua + byHandLua + runLua)

// noRetryAfter is later than any retry is due: only what is parked waits longer.
const noRetryAfter = 365 * 24 * time.Hour

// Run makes tasks ready at once that wait for something else than a worker, or have ended and
// not succeeded. The error of a task says if it is in none of these states.
func (c *Client) Run(ctx context.Context, names []tasks.Name) []tasks.Handled {
	return c.byHand(ctx, names, deed{
		script: runScript,
		say: func(s tasks.Status, _ *handCall) []byte {
			if s.State == tasks.StateExpired {
				// Somebody wants it begun all the same.
				return append(format.Header(format.ExpiresHeader, ""), format.Deadline(0)...)
			}
			return nil
		},
		read: func(did string, h *tasks.Handled) {
			switch {
			case did == "runs":
				h.Now = tasks.StateWaiting
			case h.Was == tasks.StateSucceeded:
				h.Err = fmt.Errorf("task %s has succeeded: use replay to do it again", h.Name)
			case h.Was == tasks.StateBroken:
				h.Err = fmt.Errorf("task %s is broken: delete it", h.Name)
			default:
				h.Err = fmt.Errorf("task %s is already %s", h.Name, h.Was)
			}
		},
	})
}

// runOnly runs a task at once if it is in the one state that is meant, scheduled or "parked".
func (c *Client) runOnly(ctx context.Context, name tasks.Name, only string) tasks.Handled {
	return c.byHand(ctx, []tasks.Name{name}, deed{
		script: runScript,
		say: func(_ tasks.Status, call *handCall) []byte {
			call.Only, call.Late = only, int64(noRetryAfter.Seconds())
			return nil
		},
		read: func(did string, h *tasks.Handled) {
			if did == "runs" {
				h.Now = tasks.StateWaiting
			}
		},
	})[0]
}

// Unpark runs a task at once if it is parked, and nothing otherwise: one that waits for its
// retry, or has ended, stays as it is.
func (c *Client) Unpark(ctx context.Context, queue, id string) (tasks.Unparked, error) {
	h := c.runOnly(ctx, tasks.Name{Queue: queue, ID: id}, string(tasks.StateParked))
	switch {
	case h.Err != nil && !errors.Is(h.Err, ErrNotFound):
		return tasks.NotParked, fmt.Errorf("run parked task: %w", h.Err)
	case h.Was == tasks.StateRunning:
		return tasks.StillEnding, nil
	case h.Was != h.Now:
		return tasks.GoesOn, nil
	}
	return tasks.NotParked, nil
}

// Wake runs a delayed task at once. One that is gone, waiting or running already needs
// no waking, and one that cannot be woken now still runs at its own time.
func (c *Client) Wake(ctx context.Context, target string) error {
	queue, id, _ := strings.Cut(target, "/")
	if err := c.runOnly(ctx, tasks.Name{Queue: queue, ID: id}, scheduled).Err; err != nil && !errors.Is(err, ErrNotFound) {
		return fmt.Errorf("wake: %w", err)
	}
	return nil
}
