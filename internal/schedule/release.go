package schedule

import (
	"context"
	"fmt"
	"time"

	"github.com/redis/go-redis/v9"
)

// Everyone is the owner that stands for all of them in [Store.Release].
const Everyone = "*"

// Release lets the entries of an owner go on that are held back, once the owner's brake is
// off, and returns how many: each that schedulers would look at only after its tick is due
// is due at once. For [Everyone] these are the entries of all owners; where another brake
// holds some of them, they are held again.
//
// A scheduler that read the brake before it was off cannot hold such an entry any more: the
// entry's revision is another one.
func (s *Store) Release(ctx context.Context, owner string) (released int, err error) {
	if owner == Everyone {
		for shard := range shards {
			n, err := s.releaseShard(ctx, shard)
			if released += n; err != nil {
				return released, fmt.Errorf("release the entries of everyone: %w", err)
			}
		}
		return released, nil
	}
	for after := ""; ; {
		ids, err := s.owned(ctx, owner, after, MaxBatch)
		for shard, some := range byShard(ids) {
			if err != nil {
				break
			}
			var n int
			n, err = s.release(ctx, shard, some)
			released += n
		}
		if err != nil {
			return released, fmt.Errorf("release the entries of %s: %w", owner, err)
		}
		if len(ids) < MaxBatch {
			return released, nil
		}
		after = ids[len(ids)-1]
	}
}

// releaseShard releases the entries of a shard that schedulers are to look at within
// [maxHold]: no held entry is left alone for longer. Those that are held again meanwhile are
// not looked for a second time.
func (s *Store) releaseShard(ctx context.Context, shard int) (released int, err error) {
	head, err := nextDueScript.Run(ctx, s.client, []string{s.dueKey(shard)}).StringSlice()
	if err != nil {
		return 0, err
	}
	now, err := fromMillis(head[0])
	if err != nil {
		return 0, err
	}
	from, to := toMillis(now), toMillis(now.Add(maxHold+time.Second))
	left, err := s.client.ZCount(ctx, s.dueKey(shard), from, to).Result()
	for passed := int64(0); err == nil && left > 0; {
		var ids []string
		ids, err = s.client.ZRangeByScore(ctx, s.dueKey(shard), &redis.ZRangeBy{Min: from, Max: to, Offset: passed, Count: MaxBatch}).Result()
		if err != nil || len(ids) == 0 {
			break
		}
		var n int
		n, err = s.release(ctx, shard, ids)
		released += n
		passed += int64(len(ids) - n) // those released are not in the range any more
		left -= int64(len(ids))
	}
	return released, err
}

// release puts those of some entries of a shard where they are due that are placed later.
func (s *Store) release(ctx context.Context, shard int, ids []string) (int, error) {
	// Before the books: what is placed later after this was placed there by somebody who
	// has seen the brake off.
	places, err := s.client.ZMScore(ctx, s.dueKey(shard), ids...).Result()
	if err != nil {
		return 0, err
	}
	found, _, err := s.read(ctx, shard, ids...)
	if err != nil {
		return 0, err
	}
	var edits []edit
	for i, one := range found {
		r, err := one.record()
		if err != nil || r.Due().IsZero() || places[i] <= float64(r.Due().UnixMilli()) {
			continue
		}
		r.Books.Revision++
		edits = append(edits, one.rewrite(r.Books, r.Due()))
	}
	made, err := s.write(ctx, shard, edits...)
	released := 0
	for _, ok := range made {
		if ok {
			released++
		}
	}
	return released, err
}
