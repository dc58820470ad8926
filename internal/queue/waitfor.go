package queue

import (
	"context"
	"fmt"
	"time"

	"switchyard/internal/tasks"
)

// How often a task that is waited for is looked at, from when that begins on.
const (
	firstLook = 100 * time.Millisecond
	lastLook  = time.Second
)

// Wait returns a task's status once it has ended. The error says that it is gone or broken, or
// why ctx has ended; the status then is the last that was seen.
func (c *Client) Wait(ctx context.Context, name tasks.Name) (tasks.Status, error) {
	var last tasks.Status
	for pause := firstLook; ; pause = min(pause*3/2, lastLook) {
		s, found, err := c.Status(ctx, name.Queue, name.ID)
		switch {
		case err != nil:
			return last, err
		case !found:
			return last, noTask(name)
		case s.State.Ended():
			return s, nil
		case s.State == tasks.StateBroken:
			return s, fmt.Errorf("task %s is broken: %s", name, s.Broken)
		}
		last = s
		select {
		case <-time.After(pause):
		case <-ctx.Done():
			return last, fmt.Errorf("task %s is %s: %w", name, s.State, context.Cause(ctx))
		}
	}
}
