package apiclient

import (
	"context"
	"net/http"
	"net/url"
	"time"

	"switchyard/internal/api"
	"switchyard/internal/queue"
	"switchyard/internal/usage"
)

// Sizes returns how full the queues are.
func (c *Client) Sizes(ctx context.Context) ([]queue.Size, error) {
	var all []api.Queue
	_, _, err := c.do(ctx, request{method: http.MethodGet, path: "/v1/queues"}, &all)
	sizes := make([]queue.Size, len(all))
	for i, q := range all {
		sizes[i] = q.Size()
	}
	return sizes, err
}

// PauseQueue has no worker take tasks from a queue; with pause false, they do again. It reports
// whether that was not so before.
func (c *Client) PauseQueue(ctx context.Context, name string, pause bool) (bool, error) {
	var paused api.Paused
	_, _, err := c.do(ctx, request{method: http.MethodPatch, path: "/v1/queues/" + segment(name), body: map[string]bool{"paused": pause}}, &paused)
	return paused.Changed, err
}

// Spent returns what a user's agents have spent, or everybody's if user is "", since a day.
func (c *Client) Spent(ctx context.Context, user string, since time.Time) ([]usage.Line, error) {
	path := "/v1/usage"
	if user != "" {
		path = "/v1/users/" + segment(user) + "/usage"
	}
	var all []api.Spent
	_, _, err := c.do(ctx, request{method: http.MethodGet, path: path, query: url.Values{"since": {since.UTC().Format(time.DateOnly)}}}, &all)
	var lines []usage.Line
	for _, s := range all {
		lines = append(lines, s.Line())
	}
	return lines, err
}
