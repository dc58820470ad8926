package queue

import (
	"context"
	"fmt"
	"math"
	"slices"

	"github.com/redis/go-redis/v9"

	"switchyard/internal/queue/format"
	"switchyard/internal/tasks"
)

const (
	// maxPage bounds the tasks of a page.
	maxPage = 1000
	// lookAtOnce is how many tasks are read together: each may have a megabyte.
	lookAtOnce = 50
	// maxLooked is after how many tasks a page ends, whatever it has found. One that is read whole counts
	// for readCosts of those that are sieved.
	maxLooked = 6000
	readCosts = 10
	// MaxMatches bounds the tasks that [Client.Match] names.
	MaxMatches = 100_000
)

// walk is a way to come by all tasks that may be meant.
type walk interface {
	// ahead returns up to n tasks that come next. It may return none and not be done.
	ahead(ctx context.Context, n int) (names []tasks.Name, done bool, err error)
	// look reads some of these.
	look(ctx context.Context, names []tasks.Name) ([]tasks.Status, error)
	// pass goes behind the one at a place among those that were ahead.
	pass(place int)
	cursor(*cursor)
}

// List returns the tasks that f means, up to limit of them, and where the next page begins: after
// is what the page before said, "" for the first. It reads a bounded number of tasks.
//
// Those that are asked for by kind, user, tag or by when they were added come in that order, the
// latest first, unless fewer tasks are in the states that f names. Then, and without any of these,
// they come by where they stand: in a queue in their order, of those that have ended the last
// first. Pages together have every task that was meant all the time. One that moves meanwhile may
// come twice or not at all. What is kept of a task and is no task's is listed as broken.
//
// An error alone is looked for in the states of [tasks.StatesWithError], and not among all that wait.
//
// A foreign client's task has its labels within a minute or so, if a worker takes from its queue.
func (c *Client) List(ctx context.Context, f tasks.Filter, limit int, after string) (tasks.Page, error) {
	page := tasks.Page{Tasks: []tasks.Status{}}
	if limit < 1 || limit > maxPage {
		return page, fmt.Errorf("limit %d: use 1 to %d", limit, maxPage)
	}
	f = f.Whole()
	w, err := c.walk(ctx, f, after)
	if err != nil {
		return page, err
	}
	more, err := c.fill(ctx, w, f, limit, &page)
	if err != nil || !more {
		return page, err
	}
	at := cursor{Sum: sumOf(f)}
	w.cursor(&at)
	page.Next = at.String()
	return page, nil
}

// fill adds to a page what f means of a walk, and reports whether the walk goes on behind it. The first
// tasks are read at once. If they do not fill the page, those further on are sieved before.
func (c *Client) fill(ctx context.Context, w walk, f tasks.Filter, limit int, page *tasks.Page) (more bool, err error) {
	_, byPlace := w.(*placeWalk)
	s, sieves := sieveOf(f, byPlace)
	for looked, first := 0, true; looked < maxLooked && len(page.Tasks) < limit; first = false {
		n := min(lookAtOnce, limit-len(page.Tasks))
		if sieves && !first {
			n = sieveAtOnce
		}
		names, done, err := w.ahead(ctx, n)
		if err != nil || done {
			return false, err
		}
		looked++ // also a place where nobody is costs a look
		if len(names) == 0 {
			continue
		}
		places, end := all(len(names)), len(names)
		if n == sieveAtOnce {
			if places, end, err = c.sieved(ctx, s, names); err != nil {
				return false, err
			}
		}
		looked += end
		for len(places) > 0 && len(page.Tasks) < limit {
			some := places[:min(lookAtOnce, limit-len(page.Tasks), len(places))]
			if err := lookInto(ctx, w, f, names, some, page); err != nil {
				return false, err
			}
			looked += readCosts * len(some)
			if places = places[len(some):]; len(places) > 0 && len(page.Tasks) == limit {
				end = places[0] // where the next page begins
			}
		}
		w.pass(end - 1)
	}
	return true, nil
}

// all returns the places of n tasks.
func all(n int) []int {
	places := make([]int, n)
	for i := range places {
		places[i] = i
	}
	return places
}

// lookInto reads the tasks at some places and adds those that f means to a page.
func lookInto(ctx context.Context, w walk, f tasks.Filter, names []tasks.Name, places []int, page *tasks.Page) error {
	some := make([]tasks.Name, len(places))
	for i, place := range places {
		some[i] = names[place]
	}
	read, err := w.look(ctx, some)
	for _, s := range read {
		if f.Matches(s) {
			page.Tasks = append(page.Tasks, s)
		}
	}
	return err
}

// walk returns the way to the tasks of f, from the place that after says.
func (c *Client) walk(ctx context.Context, f tasks.Filter, after string) (walk, error) {
	queues, words, err := c.among(f)
	if err != nil {
		return nil, err
	}
	if after == "" {
		by, err := c.shortest(ctx, f, queues, words)
		if err != nil {
			return nil, err
		}
		return c.begin(ctx, f, by, queues, words)
	}
	at, err := readCursor(after, f)
	if err != nil {
		return nil, err
	}
	if at.Place != nil {
		if !slices.Contains(queues, at.Place.Queue) {
			return nil, fmt.Errorf("after %.40q: it is of another queue than asked for", after)
		}
		return &placeWalk{client: c, queues: queues, words: words, at: *at.Place}, nil
	}
	w, err := c.begin(ctx, f, at.Label.By, queues, words)
	if by, ok := w.(*labelWalk); ok {
		by.at = *at.Label
	}
	return w, err
}

// begin returns a way to the tasks of f from its beginning on: by a label, or by "" their places.
func (c *Client) begin(ctx context.Context, f tasks.Filter, by string, queues, words []string) (walk, error) {
	if by == "" {
		return &placeWalk{client: c, queues: queues, words: words, at: place{Queue: queues[0], Word: words[0]}}, nil
	}
	sets, err := c.labelSets(ctx, by, queues, f)
	from, to := added(f)
	w := &labelWalk{client: c, sets: sets, from: from, at: trail{By: by}}
	if !f.To.IsZero() {
		w.at.Score = to
	}
	return w, err
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

// shortest returns what has the fewest tasks to look at: a label that f asks for, or "" the places
// of its states.
func (c *Client) shortest(ctx context.Context, f tasks.Filter, queues, words []string) (string, error) {
	var labels []string
	for by, asked := range map[string]bool{byTag: f.Tag != "", byUser: f.User != "", byKind: f.Kind != ""} {
		if asked {
			labels = append(labels, by)
		}
	}
	if len(labels) == 0 && (!f.From.IsZero() || !f.To.IsZero()) {
		labels = []string{byKind}
	}
	slices.Sort(labels)
	best, least := "", int64(math.MaxInt64)
	if !slices.Contains(words, aggregating) { // nobody counts those that wait for turns
		n, err := c.count(ctx, queues, words)
		if err != nil {
			return "", err
		}
		least = n
	}
	for _, by := range labels {
		sets, err := c.labelSets(ctx, by, queues, f)
		if err != nil {
			return "", err
		}
		if n, err := c.members(ctx, sets, f); err != nil {
			return "", err
		} else if n < least {
			best, least = by, n
		}
	}
	return best, nil
}

// members returns how many members sets have together that were added when f says.
func (c *Client) members(ctx context.Context, sets []labelSet, f tasks.Filter) (int64, error) {
	replies := make([]*redis.IntCmd, len(sets))
	from, to := added(f)
	_, _ = c.redis.Pipelined(ctx, func(p redis.Pipeliner) error {
		for i, s := range sets {
			replies[i] = p.ZCount(ctx, s.key, from.String(), to.String())
		}
		return nil
	})
	return sum(replies)
}

// added returns when the tasks of f were added, as the index has it.
func added(f tasks.Filter) (from, to score) {
	from, to = score(math.Inf(-1)), score(math.Inf(1))
	if !f.From.IsZero() {
		from = score(f.From.UnixMicro())
	}
	if !f.To.IsZero() {
		to = score(f.To.UnixMicro())
	}
	return from, to
}

// count returns how many tasks stand in the places of words.
func (c *Client) count(ctx context.Context, queues, words []string) (int64, error) {
	var replies []*redis.IntCmd
	_, _ = c.redis.Pipelined(ctx, func(p redis.Pipeliner) error {
		for _, q := range queues {
			for _, word := range words {
				if word == pending || word == active {
					replies = append(replies, p.LLen(ctx, format.Key(q, word)))
				} else {
					replies = append(replies, p.ZCard(ctx, format.Key(q, word)))
				}
			}
		}
		return nil
	})
	return sum(replies)
}

// sum adds up what is there. A key of another type holds nothing.
func sum(replies []*redis.IntCmd) (total int64, err error) {
	for _, r := range replies {
		n, err := r.Result()
		if err != nil && !isWrongType(err) {
			return 0, fmt.Errorf("count tasks: %w", err)
		}
		total += n
	}
	return total, nil
}

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
