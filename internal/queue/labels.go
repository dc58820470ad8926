package queue

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"slices"

	"github.com/redis/go-redis/v9"

	"switchyard/internal/queue/format"
	"switchyard/internal/tasks"
)

// labelWalk lists tasks by a label, those that were added last first: it merges the sets that the
// index has of it.
type labelWalk struct {
	client *Client
	sets   []labelSet
	from   score // by when they were added, Unix time in µs, -inf for whenever
	at     trail
	found  []found // what is ahead
}

// labelSet is a sorted set of the index.
type labelSet struct {
	queue  string
	key    string
	member func(string) string // its ID
}

// trail is where a listing of labels has come to: at a member of a set.
type trail struct {
	By  string `json:"by"` // kind, user or tag
	Set string `json:"k,omitempty"`
	mark
}

func (w *labelWalk) cursor(c *cursor) { c.Label = &w.at }

// labelSets returns the sets of the tasks that have the label that f asks for by one of its fields.
func (c *Client) labelSets(ctx context.Context, by string, queues []string, f tasks.Filter) ([]labelSet, error) {
	var sets []labelSet
	self := func(id string) string { return id }
	for _, q := range queues {
		switch by {
		case byTag:
			sets = append(sets, labelSet{q, format.ByTag(q, f.Tag), self})
		case byUser:
			sets = append(sets, labelSet{q, format.ByUser(q, f.User), self})
		default:
			kinds, err := c.kindsIn(ctx, q, cmp.Or(f.Kind, "*"))
			if err != nil {
				return nil, err
			}
			for _, kind := range kinds {
				sets = append(sets, labelSet{q, format.ByKind(q, kind), format.MemberID})
			}
		}
	}
	return sets, nil
}

// What a listing goes by.
const (
	byTag  = "tag"
	byUser = "user"
	byKind = "kind"
)

// kindsIn returns the kinds of a queue's tasks that a pattern covers.
func (c *Client) kindsIn(ctx context.Context, queue, pattern string) ([]string, error) {
	if tasks.CheckKind(pattern) == nil {
		return []string{pattern}, nil
	}
	all, err := c.redis.SMembers(ctx, format.KindsKey(queue)).Result()
	if err != nil && !isWrongType(err) {
		return nil, fmt.Errorf("list the kinds of %s: %w", queue, err)
	}
	return slices.DeleteFunc(all, func(kind string) bool { return !tasks.Covers(pattern, kind) }), nil
}

// found is a member of a set of the index.
type found struct {
	set labelSet
	mark
}

// before reports whether a member comes before another one: it was added later.
func (f found) before(other found) int {
	return cmp.Or(cmp.Compare(other.Score, f.Score), cmp.Compare(f.set.key, other.set.key), cmp.Compare(other.ID, f.ID))
}

// ahead implements [walk].
func (w *labelWalk) ahead(ctx context.Context, n int) (names []tasks.Name, done bool, err error) {
	w.found, err = w.next(ctx, n)
	if err != nil || len(w.found) == 0 {
		return nil, true, err
	}
	names = make([]tasks.Name, len(w.found))
	for i, f := range w.found {
		names[i] = tasks.Name{Queue: f.set.queue, ID: f.set.member(f.ID)}
	}
	return names, false, nil
}

// pass implements [walk].
func (w *labelWalk) pass(place int) {
	last := w.found[place]
	w.at.Set, w.at.mark = last.set.key, last.mark
}

// look implements [walk]. What is gone leaves the index soon.
func (w *labelWalk) look(ctx context.Context, names []tasks.Name) ([]tasks.Status, error) {
	all, err := w.client.statuses(ctx, names)
	return slices.DeleteFunc(all, isGone), err
}

// next returns up to n members that come next in all sets.
func (w *labelWalk) next(ctx context.Context, n int) ([]found, error) {
	unread := make(map[int]redis.ZRangeBy, len(w.sets)) // by set, what to ask it for
	for i := range w.sets {
		span := redis.ZRangeBy{Min: w.from.String(), Max: "+inf", Count: int64(n)}
		if w.at.Set != "" || w.at.Score != 0 {
			span.Max = w.at.Score.String()
		}
		unread[i] = span
	}
	var all []found
	for len(unread) > 0 {
		some, err := w.read(ctx, unread)
		if err != nil {
			return nil, err
		}
		all = append(all, some...)
	}
	slices.SortFunc(all, found.before)
	return all[:min(n, len(all))], nil
}

// read asks sets for members, and says in unread what is still to be asked: of a set whose members
// were all passed before, as they have one time.
func (w *labelWalk) read(ctx context.Context, unread map[int]redis.ZRangeBy) ([]found, error) {
	replies := make(map[int]*redis.ZSliceCmd, len(unread))
	_, _ = w.client.redis.Pipelined(ctx, func(p redis.Pipeliner) error {
		for i, span := range unread {
			replies[i] = p.ZRevRangeByScoreWithScores(ctx, w.sets[i].key, &span)
		}
		return nil
	})
	passed := found{labelSet{key: w.at.Set}, w.at.mark}
	var all []found
	for _, i := range slices.Sorted(maps.Keys(replies)) {
		members, err := replies[i].Result()
		if err != nil && !isWrongType(err) {
			return nil, fmt.Errorf("look into the index of %s: %w", w.sets[i].queue, err)
		}
		behind := 0
		for _, z := range members {
			f := found{w.sets[i], mark{ID: z.Member.(string), Score: score(z.Score)}}
			if w.at.Set == "" || passed.before(f) < 0 {
				all = append(all, f)
				behind++
			}
		}
		span := unread[i]
		if int64(len(members)) < span.Count || int64(behind) == span.Count {
			delete(unread, i)
			continue
		}
		span.Offset += span.Count
		unread[i] = span
	}
	return all, nil
}
