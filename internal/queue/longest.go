package queue

import (
	"cmp"
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"slices"

	"github.com/redis/go-redis/v9"

	"switchyard/internal/queue/format"
	"switchyard/internal/tasks"
)

// ErrPage is the error of a place to go on from that nobody has said.
var ErrPage = errors.New("give what the page before says comes next")

// setAside is a task and where it stands among those that are set aside.
type setAside struct {
	Name  tasks.Name `json:"n"`
	Score score      `json:"s"` // grows with when it was set aside
}

func (a setAside) compare(b setAside) int {
	return cmp.Or(cmp.Compare(a.Score, b.Score), cmp.Compare(a.Name.String(), b.Name.String()))
}

// Longest returns up to n of some tasks that are parked, the one first that has been so longest, and where
// the next ones begin, "" after the last: after is what it has said before, "" to begin. Those of the
// tasks that are not to be run later are left out. The error is [ErrPage] or Redis's.
func (c *Client) Longest(ctx context.Context, names []tasks.Name, after string, n int) (some []tasks.Name, next string, err error) {
	var behind setAside
	if after != "" {
		text, err := base64.RawURLEncoding.DecodeString(after)
		if err != nil || json.Unmarshal(text, &behind) != nil {
			return nil, "", fmt.Errorf("after %.40q: %w", after, ErrPage)
		}
	}
	replies := make([]*redis.FloatCmd, len(names))
	_, _ = c.redis.Pipelined(ctx, func(p redis.Pipeliner) error { // each reply carries its own error
		for i, name := range names {
			replies[i] = p.ZScore(ctx, format.Key(name.Queue, retry), name.ID)
		}
		return nil
	})
	var all []setAside
	for i, reply := range replies {
		at, err := reply.Result()
		if errors.Is(err, redis.Nil) || isWrongType(err) {
			continue
		}
		if err != nil {
			return nil, "", fmt.Errorf("look at what is parked: %w", err)
		}
		if one := (setAside{names[i], score(at)}); after == "" || one.compare(behind) > 0 {
			all = append(all, one)
		}
	}
	slices.SortFunc(all, setAside.compare)
	if len(all) > n {
		text, _ := json.Marshal(all[n-1]) // strings and numbers always have a text
		all, next = all[:n], base64.RawURLEncoding.EncodeToString(text)
	}
	for _, one := range all {
		some = append(some, one.Name)
	}
	return some, next, nil
}
