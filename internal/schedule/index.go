package schedule

import (
	"context"
	"fmt"
	"time"

	"switchyard/internal/tasks"

	"github.com/redis/go-redis/v9"
	"go.uber.org/zap"
)

// indexAtOnce is about how many entries or members one step of [Store.reindex] looks at.
const indexAtOnce = 500

// indexEvery is how often the index of owners is compared with the entries. Counting finds
// what a version without the index adds and removes; this finds what such a version moves
// from one owner to another, and what somebody does by hand.
const indexEvery = time.Hour

// index mends the index of owners, first where counting says so, then everywhere from time
// to time, until ctx ends.
func (e *Engine) index(ctx context.Context) {
	// That Redis is away is told elsewhere; a listing mends what is left.
	_, _ = e.store.membersOf(ctx, span{"-", "+"}, 1, everyShard...)
	for tasks.Sleep(ctx, indexEvery) == nil {
		for shard := range shards {
			if err := e.store.reindex(ctx, shard); err != nil && ctx.Err() == nil {
				e.options.Logger.Warn("index of owners is not mended, trying again later", zap.Error(err))
				break
			}
		}
	}
}

// reindex makes the index of owners of a shard what its entries say, while others go on
// changing them.
func (s *Store) reindex(ctx context.Context, shard int) error {
	if err := s.indexEntries(ctx, shard); err != nil {
		return fmt.Errorf("mend the index of owners: %w", err)
	}
	if err := s.pruneIndex(ctx, shard); err != nil {
		return fmt.Errorf("mend the index of owners: %w", err)
	}
	return nil
}

// indexEntries adds the entries of a shard to its index.
func (s *Store) indexEntries(ctx context.Context, shard int) error {
	for cursor := uint64(0); ; {
		found, next, err := s.client.HScan(ctx, s.entriesKey(shard), cursor, "", indexAtOnce).Result()
		if err != nil {
			return err
		}
		ids := make([]string, 0, len(found)/2)
		for i := 0; i < len(found); i += 2 {
			ids = append(ids, found[i])
		}
		err = s.eachStored(ctx, shard, ids, func(one stored, _ int) (args []any) {
			if one.entry == "" {
				return nil
			}
			return []any{one.id, one.books, ownerMember(one.owner(), one.id), 1}
		})
		if cursor = next; err != nil || cursor == 0 {
			return err
		}
	}
}

// pruneIndex removes the members of a shard's index that no entry stands behind.
func (s *Store) pruneIndex(ctx context.Context, shard int) error {
	for from := "-"; ; {
		members, err := s.client.ZRangeByLex(ctx, s.ownersKey(shard), &redis.ZRangeBy{Min: from, Max: "+", Count: indexAtOnce}).Result()
		if err != nil || len(members) == 0 {
			return err
		}
		from = "(" + members[len(members)-1]
		ids := make([]string, len(members))
		for i, member := range members {
			ids[i] = idOf(member)
		}
		err = s.eachStored(ctx, shard, ids, func(one stored, i int) (args []any) {
			if one.entry != "" && members[i] == ownerMember(one.owner(), one.id) {
				return nil
			}
			return []any{one.id, one.books, members[i], 0}
		})
		if err != nil {
			return err
		}
	}
}

// eachStored reads entries of a shard and changes its index as decide says of each and its
// place in ids.
func (s *Store) eachStored(ctx context.Context, shard int, ids []string, decide func(one stored, i int) (args []any)) error {
	for first := 0; first < len(ids); first += MaxBatch {
		some := ids[first:min(first+MaxBatch, len(ids))]
		found, _, err := s.read(ctx, shard, some...)
		if err != nil {
			return err
		}
		var args []any
		for i, one := range found {
			args = append(args, decide(one, first+i)...)
		}
		if len(args) == 0 {
			continue
		}
		if err := indexScript.Run(ctx, s.client, []string{s.booksKey(shard), s.ownersKey(shard)}, args...).Err(); err != nil {
			return err
		}
	}
	return nil
}
