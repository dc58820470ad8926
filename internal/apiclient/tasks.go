package apiclient

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/google/uuid"

	"switchyard/internal/api"
	"switchyard/internal/queue"
	"switchyard/internal/tasks"
)

// Send adds a task, after a while if in is not 0. The clock of the API counts it, which may be
// another than this machine's. It is repeated until it is known what became of it, or for 30
// seconds, and adds one task at most.
func (c *Client) Send(ctx context.Context, t tasks.Raw, in time.Duration, o tasks.Options) (tasks.Receipt, error) {
	n := api.New{
		Kind: t.Name, Payload: t.Payload, ID: o.ID, Queue: o.Queue, At: o.At, In: api.Duration(in), Expires: o.Deadline,
		Unique: api.Duration(o.Unique), Retention: api.Duration(o.Retention), Tags: o.Tags, Meta: o.Meta,
	}
	if n.ID == "" {
		n.ID = uuid.NewString() // so that an answer with another one is known for a duplicate
	}
	var task api.Task
	_, h, err := c.do(ctx, request{method: http.MethodPost, path: "/v1/tasks", body: n, key: uuid.NewString()}, &task)
	var answered *AnswerError
	switch {
	case errors.As(err, &answered) && answered.is("id-taken"):
		return taken(n, answered.Problem.Task), nil
	case err != nil:
		return tasks.Receipt{}, err
	}
	r := task.Receipt()
	r.Duplicate = r.ID != n.ID || o.ID != "" && h.Get("Idempotency-Replayed") != ""
	return r, nil
}

// taken is the receipt for a task whose ID another one has, which is at address.
func taken(n api.New, address string) tasks.Receipt {
	r := tasks.Receipt{ID: n.ID, Kind: n.Kind, Queue: n.Queue, Duplicate: true}
	if u, err := url.Parse(address); err == nil && u.Query().Get("queue") != "" {
		r.Queue = u.Query().Get("queue")
	}
	return r
}

// named returns where a task is that name names: an ID, or queue/ID.
func named(name string) (path string, query url.Values) {
	queue, id, both := strings.Cut(name, "/")
	if !both {
		return "/v1/tasks/" + segment(name), nil
	}
	return "/v1/tasks/" + segment(id), url.Values{"queue": {queue}}
}

// Find returns the task that name names: an ID, or queue/ID.
func (c *Client) Find(ctx context.Context, name string) (tasks.Status, error) {
	path, query := named(name)
	var task api.Task
	_, _, err := c.do(ctx, request{method: http.MethodGet, path: path, query: query}, &task)
	return task.Status(), err
}

// waitOnce is how long one request waits for the end of a task: less than what proxies cut off.
const waitOnce = 25 * time.Second

// Wait returns a task once it has ended. The error says that it is gone or broken, or why ctx has
// ended; the status then is the last that was seen.
func (c *Client) Wait(ctx context.Context, name tasks.Name) (tasks.Status, error) {
	path, query := named(name.String())
	var last tasks.Status
	for {
		var task api.Task
		_, _, err := c.do(ctx, request{method: http.MethodGet, path: path, query: query, patience: waitOnce}, &task)
		switch {
		case err != nil && ctx.Err() != nil && last.State != "":
			return last, fmt.Errorf("task %s is %s: %w", name, last.State, context.Cause(ctx))
		case err != nil && ctx.Err() != nil:
			return last, fmt.Errorf("task %s: %w", name, context.Cause(ctx))
		case err != nil:
			return last, err
		}
		if last = task.Status(); last.State.Ended() {
			return last, nil
		}
		if last.State == tasks.StateBroken {
			return last, fmt.Errorf("task %s is broken: %s", name, last.Broken)
		}
		query.Set("wait", waitOnce.String())
	}
}

// List returns some of the tasks that f means, from where after says.
func (c *Client) List(ctx context.Context, f tasks.Filter, limit int, after string) (tasks.Page, error) {
	q := url.Values{}
	for name, value := range map[string]string{"queue": f.Queue, "kind": f.Kind, "user": f.User, "tag": f.Tag, "error": f.Error, "cursor": after} {
		if value != "" {
			q.Set(name, value)
		}
	}
	var states []string
	for _, s := range f.States {
		states = append(states, string(s))
	}
	if len(states) > 0 {
		q.Set("state", strings.Join(states, ","))
	}
	for name, t := range map[string]time.Time{"since": f.Since, "from": f.From, "to": f.To} {
		if !t.IsZero() {
			q.Set(name, t.Format(time.RFC3339Nano))
		}
	}
	q.Set("limit", strconv.Itoa(limit))
	var page api.Page
	_, _, err := c.do(ctx, request{method: http.MethodGet, path: "/v1/tasks", query: q}, &page)
	found := tasks.Page{Tasks: []tasks.Status{}, Next: page.Next}
	for _, t := range page.Items {
		found.Tasks = append(found.Tasks, t.Status())
	}
	return found, err
}

// matchPage is how many tasks one request of Match asks for: they come with their payloads.
const matchPage = 200

// Match returns the names of the tasks that f means, at most [queue.MaxMatches]; more says that
// there may be others.
func (c *Client) Match(ctx context.Context, f tasks.Filter) (names []tasks.Name, more bool, err error) {
	for after := ""; ; {
		page, err := c.List(ctx, f, matchPage, after)
		if err != nil {
			return nil, false, err
		}
		for _, t := range page.Tasks {
			names = append(names, tasks.Name{Queue: t.Queue, ID: t.ID})
		}
		if after = page.Next; after == "" || len(names) >= queue.MaxMatches {
			return names[:min(len(names), queue.MaxMatches)], after != "", nil
		}
	}
}
