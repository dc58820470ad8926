package queue

import (
	"context"
	"fmt"
)

// Size counts the tasks of one queue by what they wait for.
type Size struct {
	Queue                                       string
	Pending, Active, Scheduled, Retry, Archived int
	Held                                        int // until its user's turn comes
	Paused                                      bool
}

// Sizes returns the sizes of every queue that has ever had a task, in no order.
func (c *Client) Sizes(context.Context) ([]Size, error) {
	names, err := c.inspector.Queues()
	if err != nil {
		return nil, fmt.Errorf("sizes of queues: %w", err)
	}
	sizes := make([]Size, len(names))
	for i, name := range names {
		info, err := c.inspector.GetQueueInfo(name)
		if err != nil {
			return nil, fmt.Errorf("size of queue %s: %w", name, err)
		}
		sizes[i] = Size{
			Queue: name, Pending: info.Pending, Active: info.Active, Scheduled: info.Scheduled,
			Retry: info.Retry, Archived: info.Archived, Held: info.Aggregating, Paused: info.Paused,
		}
	}
	return sizes, nil
}
