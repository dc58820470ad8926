package tokens

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/redis/go-redis/v9"
)

// atOnce is how many tokens are read or changed in one round trip.
const atOnce = 500

// List returns all tokens, children included, the newest first. Those that have ended are among
// them for 30 days, children for an hour. Those that are damaged have the state [Unreadable].
func (s *Store) List(ctx context.Context) ([]Token, error) {
	var all []Token
	now := s.now()
	for _, index := range []string{s.made(), s.children()} {
		ids, err := s.client.ZRange(ctx, index, 0, -1).Result()
		if err != nil {
			return nil, fmt.Errorf("list the tokens in %s: %w", index, err)
		}
		for some := range slices.Chunk(ids, atOnce) {
			read, err := s.readSome(ctx, some, now)
			if err != nil {
				return nil, err
			}
			all = append(all, read...)
		}
	}
	endWithParents(all)
	slices.SortFunc(all, func(a, b Token) int {
		return cmp.Or(b.Created.Compare(a.Created), cmp.Compare(a.ID, b.ID))
	})
	return all, nil
}

// readSome reads tokens. It leaves out those that Redis has forgotten.
func (s *Store) readSome(ctx context.Context, ids []string, now time.Time) ([]Token, error) {
	asked := make([]*redis.SliceCmd, len(ids))
	// What fails is said by each command.
	_, _ = s.client.Pipelined(ctx, func(p redis.Pipeliner) error {
		for i, id := range ids {
			asked[i] = p.HMGet(ctx, s.token(id), "token", "hash", "uses", "used", "revoked")
		}
		return nil
	})
	var all []Token
	for i, id := range ids {
		var is [5]string
		for at, value := range asked[i].Val() {
			is[at], _ = value.(string)
		}
		err := asked[i].Err()
		if err != nil && !redis.HasErrorPrefix(err, "WRONGTYPE") {
			return nil, fmt.Errorf("read token %s: %w", id, err)
		}
		if err == nil && is == [5]string{} {
			continue
		}
		all = append(all, fields{is[0], is[1], is[2], is[3], is[4], ""}.read(id, now))
	}
	return all, nil
}

// endWithParents revokes children whose parent is, or is gone.
func endWithParents(all []Token) {
	byID := make(map[string]Token, len(all))
	for _, t := range all {
		byID[t.ID] = t
	}
	for i, t := range all {
		parent := byID[t.Parent]
		if t.Parent == "" || !t.Revoked.IsZero() || parent.ID != "" && parent.State != Unreadable && parent.Revoked.IsZero() {
			continue
		}
		all[i].Revoked, all[i].State = parent.Revoked, Revoked
	}
}
