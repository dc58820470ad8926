package queue

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"

	"switchyard/internal/queue/format"
	"switchyard/internal/tasks"
)

// Attempts returns the attempts at a task that are kept, the oldest first, with the one that runs. A
// task of which nothing is kept has none.
func (c *Client) Attempts(ctx context.Context, name tasks.Name) ([]tasks.Attempt, error) {
	fields, err := c.redis.HMGet(ctx, format.TaskKey(name.Queue, name.ID), "state", format.AttemptsField, format.AttemptField).Result()
	if isWrongType(err) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("attempts at task %s: %w", name, err)
	}
	text := func(i int) string { s, _ := fields[i].(string); return s }
	var all []tasks.Attempt
	for line := range strings.Lines(text(1)) {
		if one, ok := attemptOf(line); ok {
			all = append(all, one)
		}
	}
	if running, ok := attemptOf(text(2)); ok && text(0) == active {
		all = append(all, running)
	}
	return all[max(0, len(all)-tasks.MaxAttempts):], nil
}

// attemptOf reads a line about an attempt, see lane/attempts.lua. What is none is left out.
func attemptOf(line string) (one tasks.Attempt, ok bool) {
	end, begun, lost := strings.Cut(strings.TrimSpace(line), "\t")
	if lost && begun != "" && json.Unmarshal([]byte(begun), &one) != nil {
		one = tasks.Attempt{}
	}
	ok = json.Unmarshal([]byte(end), &one) == nil
	return one, ok
}
