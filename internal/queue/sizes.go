package queue

import (
	"context"
	"fmt"
)

// Size counts the tasks of one queue by their states.
type Size struct {
	Queue     string `json:"queue"`
	Waiting   int    `json:"waiting"`
	Running   int    `json:"running"`
	Scheduled int    `json:"scheduled"`
	Held      int    `json:"held"`
	Retrying  int    `json:"retrying"` // or parked
	Failed    int    `json:"failed"`   // cancelled or expired: in the dead letter
	Paused    bool   `json:"paused"`
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
			Queue: name, Waiting: info.Pending, Running: info.Active, Scheduled: info.Scheduled,
			Retrying: info.Retry, Failed: info.Archived, Held: info.Aggregating, Paused: info.Paused,
		}
	}
	return sizes, nil
}
