package queue

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"slices"

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

// place is where a listing has come to. The letters are short, since people copy them.
type place struct {
	Queue string `json:"q"`
	Word  string `json:"w"`
	Group string `json:"g,omitempty"` // of those that are held
	At    int64  `json:"n"`           // how many were passed there
}

// cursor returns p as one hands it out.
func (p place) cursor() string {
	text, _ := json.Marshal(p) // strings and numbers always have a text
	return base64.RawURLEncoding.EncodeToString(text)
}

// placeOfCursor reads what [place.cursor] has written.
func placeOfCursor(cursor string) (p place, err error) {
	text, err := base64.RawURLEncoding.DecodeString(cursor)
	if err == nil {
		err = json.Unmarshal(text, &p)
	}
	if err != nil || p.At < 0 || !slices.Contains(wordsOf(nil), p.Word) {
		return place{}, fmt.Errorf("after %.40q: give what the page before says comes next", cursor)
	}
	return p, nil
}

// ids returns up to n of the IDs at p. Those that ended last come first, of all others those
// whose turn is next. A key that is no queue's holds none.
func (c *Client) ids(ctx context.Context, p place, n int64) ([]string, error) {
	key, from, to := format.Key(p.Queue, p.Word), p.At, p.At+n-1
	var ids []string
	var err error
	switch p.Word {
	case pending, active:
		ids, err = c.redis.LRange(ctx, key, -to-1, -from-1).Result()
		slices.Reverse(ids)
	case archived, completed:
		ids, err = c.redis.ZRevRange(ctx, key, from, to).Result()
	case aggregating:
		ids, err = c.redis.ZRange(ctx, format.Key(p.Queue, "g:"+p.Group), from, to).Result()
	default:
		ids, err = c.redis.ZRange(ctx, key, from, to).Result()
	}
	if isWrongType(err) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("list %s tasks of %s: %w", p.Word, p.Queue, err)
	}
	return ids, nil
}

// nextPlace returns the place behind all of p's, and whether there is one.
func (c *Client) nextPlace(ctx context.Context, p place, queues, words []string) (place, bool, error) {
	if p.Word == aggregating {
		group, err := c.groupAfter(ctx, p.Queue, p.Group)
		if err != nil || group != "" {
			return place{Queue: p.Queue, Word: aggregating, Group: group}, true, err
		}
	}
	if i := slices.Index(words, p.Word); i+1 < len(words) {
		return place{Queue: p.Queue, Word: words[i+1]}, true, nil
	}
	if i := slices.Index(queues, p.Queue); i >= 0 && i+1 < len(queues) {
		return place{Queue: queues[i+1], Word: words[0]}, true, nil
	}
	return place{}, false, nil
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
