package queue

import (
	"context"
	"fmt"
	"slices"

	"github.com/redis/go-redis/v9"

	"switchyard/internal/queue/format"
	"switchyard/internal/tasks"
)

// wordsOf returns asynq's words for where the tasks of states stand, in the order in which they
// are listed. What is broken may stand anywhere.
func wordsOf(states []tasks.State) []string {
	all := []string{active, pending, aggregating, scheduled, retry, archived, completed}
	if len(states) == 0 || slices.Contains(states, tasks.StateBroken) {
		return all
	}
	return slices.DeleteFunc(all, func(word string) bool {
		return !slices.ContainsFunc(states, func(s tasks.State) bool { return wordOf(s) == word })
	})
}

func wordOf(state tasks.State) string {
	switch state {
	case tasks.StateWaiting:
		return pending
	case tasks.StateRunning:
		return active
	case tasks.StateScheduled:
		return scheduled
	case tasks.StateHeld:
		return aggregating
	case tasks.StateRetrying, tasks.StateParked:
		return retry
	case tasks.StateSucceeded:
		return completed
	}
	return archived
}

// placeWalk lists tasks by where they stand: a list or sorted set of asynq's after the other.
type placeWalk struct {
	client *Client
	queues []string
	words  []string
	at     place
	marks  []mark // what is ahead
}

// place is where a listing of places has come to.
type place struct {
	Queue string `json:"q"`
	Word  string `json:"w"`
	Group string `json:"g,omitempty"` // of those that are held
	mark
}

func (w *placeWalk) cursor(c *cursor) { c.Place = &w.at }

// ahead implements [walk].
func (w *placeWalk) ahead(ctx context.Context, n int) (names []tasks.Name, done bool, err error) {
	if w.marks, err = w.ids(ctx, n); err != nil {
		return nil, false, err
	}
	if len(w.marks) == 0 {
		done = !w.next(ctx, &err)
		return nil, done, err
	}
	names = make([]tasks.Name, len(w.marks))
	for i, m := range w.marks {
		names[i] = tasks.Name{Queue: w.at.Queue, ID: m.ID}
	}
	return names, false, nil
}

// pass implements [walk].
func (w *placeWalk) pass(place int) { w.at.mark = w.marks[place] }

// look implements [walk].
func (w *placeWalk) look(ctx context.Context, names []tasks.Name) ([]tasks.Status, error) {
	all, err := w.client.statuses(ctx, names)
	if err == nil && slices.ContainsFunc(all, isGone) {
		err = w.judge(ctx, all, len(w.marks))
	}
	return all, err
}

// judge finds out which of the tasks that have no data are broken: those that are still listed.
func (w *placeWalk) judge(ctx context.Context, all []tasks.Status, n int) error {
	still, err := w.ids(ctx, n)
	for i, s := range all {
		if isGone(s) && slices.ContainsFunc(still, func(m mark) bool { return m.ID == s.ID }) {
			all[i].State, all[i].Broken = tasks.StateBroken, "its data is gone"
		}
	}
	return err
}

func isGone(s tasks.Status) bool { return s.State == "" }

// ids returns up to n of what comes next at the place. Those that ended last come first, of all
// others those whose turn is next. A key that is no queue's holds none.
func (w *placeWalk) ids(ctx context.Context, n int) ([]mark, error) {
	key := format.Key(w.at.Queue, w.at.Word)
	var marks []mark
	var err error
	switch w.at.Word {
	case pending, active:
		marks, err = w.client.listAfter(ctx, key, w.at.mark, n)
	case archived, completed:
		marks, err = w.client.setAfter(ctx, key, w.at.mark, true, n)
	case aggregating:
		marks, err = w.client.setAfter(ctx, format.Key(w.at.Queue, "g:"+w.at.Group), w.at.mark, false, n)
	default:
		marks, err = w.client.setAfter(ctx, key, w.at.mark, false, n)
	}
	if err != nil && !isWrongType(err) {
		return nil, fmt.Errorf("list %s tasks of %s: %w", w.at.Word, w.at.Queue, err)
	}
	return marks, nil
}

// next goes to the place behind all of this one, and reports whether there is one.
func (w *placeWalk) next(ctx context.Context, failed *error) bool {
	p := w.at
	if p.Word == aggregating {
		group, err := w.client.groupAfter(ctx, p.Queue, p.Group)
		if err != nil || group != "" {
			*failed = err
			w.at = place{Queue: p.Queue, Word: aggregating, Group: group}
			return true
		}
	}
	if i := slices.Index(w.words, p.Word); i+1 < len(w.words) {
		w.at = place{Queue: p.Queue, Word: w.words[i+1]}
		return true
	}
	if i := slices.Index(w.queues, p.Queue); i >= 0 && i+1 < len(w.queues) {
		w.at = place{Queue: w.queues[i+1], Word: w.words[0]}
		return true
	}
	return false
}

// groupAfter returns the group of held tasks that follows one by its name, "" if none does.
func (c *Client) groupAfter(ctx context.Context, queue, group string) (string, error) {
	groups, err := c.redis.SMembers(ctx, format.Key(queue, "groups")).Result()
	if err != nil && !isWrongType(err) {
		return "", fmt.Errorf("list who waits for a turn in %s: %w", queue, err)
	}
	next := ""
	for _, g := range groups {
		if g > group && (next == "" || g < next) {
			next = g
		}
	}
	return next, nil
}

// listAfter returns up to n of a list that follow a mark, from its end on, which is worked off
// first. Whoever is behind the mark moves towards the end as others leave, and keeps behind it.
func (c *Client) listAfter(ctx context.Context, key string, m mark, n int) ([]mark, error) {
	from, err := c.behind(ctx, key, m)
	if err != nil {
		return nil, err
	}
	ids, err := c.redis.LRange(ctx, key, -from-int64(n), -from-1).Result()
	slices.Reverse(ids)
	marks := make([]mark, len(ids))
	for i, id := range ids {
		marks[i] = mark{ID: id, Before: ids[max(0, i-1)]}
		if i == 0 {
			marks[i].Before = m.ID
		}
	}
	return marks, err
}

// behind returns how many of a list are not behind a mark, seen from its end. What is marked may
// be gone: then the one before it counts, and without either all are behind it.
func (c *Client) behind(ctx context.Context, key string, m mark) (int64, error) {
	for _, id := range []string{m.ID, m.Before} {
		if id == "" {
			continue
		}
		var at, length *redis.IntCmd
		_, err := c.redis.TxPipelined(ctx, func(p redis.Pipeliner) error { // so that both are of one moment
			at = p.LPos(ctx, key, id, redis.LPosArgs{Rank: -1})
			length = p.LLen(ctx, key)
			return nil
		})
		if at.Err() == nil && length.Err() == nil {
			return length.Val() - at.Val(), nil
		}
		if err != nil && err != redis.Nil { //nolint:errorlint // of a pipeline it is the first error itself
			return 0, err
		}
	}
	return 0, nil
}
