package queue

import (
	"context"
	"fmt"
	"slices"

	"switchyard/internal/tasks"
)

const (
	// maxPage bounds the tasks of a page.
	maxPage = 1000
	// lookAtOnce is how many tasks are read together: each may have a megabyte.
	lookAtOnce = 50
	// maxLooked is after how many tasks a page ends, whatever it has found.
	maxLooked = 2000
	// MaxMatches bounds the tasks that [Client.Match] names.
	MaxMatches = 100_000
)

// List returns the tasks that f means, up to limit of them from the place that after says, ""
// for the first. It reads a bounded number of tasks. One that moves meanwhile may be listed
// twice or not at all. What is kept of a task and is no task's is listed as broken.
func (c *Client) List(ctx context.Context, f tasks.Filter, limit int, after string) (tasks.Page, error) {
	page := tasks.Page{Tasks: []tasks.Status{}}
	queues, words, err := c.among(f)
	if err != nil {
		return page, err
	}
	if limit < 1 || limit > maxPage {
		return page, fmt.Errorf("limit %d: use 1 to %d", limit, maxPage)
	}
	p := place{Queue: queues[0], Word: words[0]}
	if after != "" {
		if p, err = placeOfCursor(after); err != nil {
			return page, err
		}
		if !slices.Contains(queues, p.Queue) {
			return page, fmt.Errorf("after %.40q: it is of another queue than asked for", after)
		}
	}
	for looked := 0; looked < maxLooked; {
		n := min(lookAtOnce, limit-len(page.Tasks))
		some, err := c.statusesAt(ctx, p, int64(n))
		if err != nil {
			return page, err
		}
		for _, s := range some {
			if f.Matches(s) {
				page.Tasks = append(page.Tasks, s)
			}
		}
		looked += len(some) + 1
		if p.At += int64(len(some)); len(some) < n {
			next, more, err := c.nextPlace(ctx, p, queues, words)
			if err != nil || !more {
				return page, err
			}
			p = next
		}
		if len(page.Tasks) == limit {
			break
		}
	}
	page.Next = p.cursor()
	return page, nil
}

// among returns the queues and the places that tasks of f can be in.
func (c *Client) among(f tasks.Filter) (queues, words []string, err error) {
	if err := f.Check(); err != nil {
		return nil, nil, err
	}
	queues = slices.Sorted(slices.Values(c.queues))
	if f.Queue != "" {
		if err := c.checkQueue(f.Queue); err != nil {
			return nil, nil, err
		}
		queues = []string{f.Queue}
	}
	return queues, wordsOf(f.States), nil
}

// statusesAt returns up to n of the tasks at p. One that is listed there and has no data is
// broken, unless it has only just gone.
func (c *Client) statusesAt(ctx context.Context, p place, n int64) ([]tasks.Status, error) {
	ids, err := c.ids(ctx, p, n)
	if err != nil || len(ids) == 0 {
		return nil, err
	}
	names := make([]tasks.Name, len(ids))
	for i, id := range ids {
		names[i] = tasks.Name{Queue: p.Queue, ID: id}
	}
	all, err := c.statuses(ctx, names)
	if err != nil || !slices.ContainsFunc(all, isGone) {
		return all, err
	}
	still, err := c.ids(ctx, p, n)
	for i, s := range all {
		if isGone(s) && slices.Contains(still, s.ID) {
			all[i].State, all[i].Broken = tasks.StateBroken, "its data is gone"
		}
	}
	return all, err
}

func isGone(s tasks.Status) bool { return s.State == "" }

// Match returns the names of the tasks that f means, at most [MaxMatches]; more says that there
// are others.
func (c *Client) Match(ctx context.Context, f tasks.Filter) (names []tasks.Name, more bool, err error) {
	for after := ""; ; {
		page, err := c.List(ctx, f, maxPage, after)
		if err != nil {
			return nil, false, err
		}
		for _, s := range page.Tasks {
			names = append(names, tasks.Name{Queue: s.Queue, ID: s.ID})
		}
		if after = page.Next; after == "" || len(names) >= MaxMatches {
			names = names[:min(len(names), MaxMatches)]
			return names, after != "", nil
		}
	}
}
