package apiclient

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strconv"

	"switchyard/internal/api"
	"switchyard/internal/schedule"
	"switchyard/internal/tasks"
)

func entryPath(id string) string { return "/v1/schedule/" + segment(id) }

// Entries returns some of the entries that f means, from where start says, and where the next ones
// begin.
func (c *Client) Entries(ctx context.Context, f schedule.Filter, start string) (page []api.Entry, next string, err error) {
	q := url.Values{}
	for name, value := range map[string]string{
		"origin": f.Origin, "owner": f.Owner, "kind": f.Kind, "state": string(f.State), "match": f.Match, "cursor": start,
	} {
		if value != "" {
			q.Set(name, value)
		}
	}
	if f.Page > 0 {
		q.Set("limit", strconv.Itoa(min(f.Page, schedule.MaxPage)))
	}
	var found api.EntryPage
	_, _, err = c.do(ctx, request{method: http.MethodGet, path: "/v1/schedule", query: q}, &found)
	return found.Items, found.Next, err
}

// Entry returns an entry of the schedule.
func (c *Client) Entry(ctx context.Context, id string) (api.EntryTicks, error) {
	var e api.EntryTicks
	_, _, err := c.do(ctx, request{method: http.MethodGet, path: entryPath(id)}, &e)
	return e, err
}

// CheckEntry reports what is wrong with an entry that is to be added.
func (c *Client) CheckEntry(ctx context.Context, e schedule.Entry) error {
	_, _, err := c.do(ctx, request{method: http.MethodPut, path: entryPath(e.ID), query: url.Values{"dry_run": {"true"}}, body: api.BodyOf(e)}, nil)
	return err
}

// PutEntry adds an entry, or changes the one of its ID if it may be replaced, and reports whether
// that has changed anything. The error is [schedule.ErrExists] if it may not, and there is one.
func (c *Client) PutEntry(ctx context.Context, e schedule.Entry, replace bool) (bool, error) {
	r := request{method: http.MethodPut, path: entryPath(e.ID), body: api.BodyOf(e)}
	if !replace {
		r.header = map[string]string{"If-None-Match": "*"}
	}
	var put api.EntryTicks
	_, _, err := c.do(ctx, r, &put)
	var answered *AnswerError
	if errors.As(err, &answered) && answered.is("changed") && !replace {
		return false, fmt.Errorf("entry %s %w: replace it, or choose another id", e.ID, schedule.ErrExists)
	}
	return put.Changed != nil && *put.Changed, err
}

// PauseEntry holds an entry's ticks; with pause false, they go on. It reports whether that was not
// so before.
func (c *Client) PauseEntry(ctx context.Context, id string, pause bool) (bool, error) {
	var e api.EntryTicks
	_, _, err := c.do(ctx, request{method: http.MethodPatch, path: entryPath(id), body: map[string]bool{"paused": pause}}, &e)
	return e.Changed != nil && *e.Changed, err
}

// RemoveEntry removes an entry.
func (c *Client) RemoveEntry(ctx context.Context, id string) error {
	_, _, err := c.do(ctx, request{method: http.MethodDelete, path: entryPath(id)}, nil)
	return err
}

// RunEntry sends the task of an entry now.
func (c *Client) RunEntry(ctx context.Context, id string) (tasks.Receipt, error) {
	var t api.Task
	_, _, err := c.do(ctx, request{method: http.MethodPost, path: entryPath(id) + "/run"}, &t)
	return t.Receipt(), err
}
