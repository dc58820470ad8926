package schedule

import (
	"context"
	"fmt"

	"github.com/redis/go-redis/v9"
)

// listLate is [Store.List] for entries that are due for longer than [LateAfter] and that no scheduler has
// taken. It reads the index of what is due, shard by shard, and those entries alone. The next page starts
// behind a number of entries of a shard, so that one may be passed over if schedulers take others meanwhile.
func (s *Store) listLate(ctx context.Context, f Filter, start string) ([]Record, string, error) {
	shard, passed, err := parseCursor(start)
	if err != nil {
		return nil, "", err
	}
	now, err := s.client.Time(ctx).Result()
	if err != nil {
		return nil, "", fmt.Errorf("list late entries: %w", err)
	}
	var page []Record
	for ; shard < shards; shard, passed = shard+1, 0 {
		ids, err := s.client.ZRangeByScore(ctx, s.dueKey(shard), &redis.ZRangeBy{
			Min: "-inf", Max: toMillis(now.Add(-LateAfter)), Offset: int64(min(passed, 1<<62)), Count: int64(f.page()),
		}).Result()
		if err != nil {
			return nil, "", fmt.Errorf("list late entries: %w", err)
		}
		some, err := s.matching(ctx, shard, ids, f)
		if err != nil {
			return nil, "", fmt.Errorf("list late entries: %w", err)
		}
		page = append(page, some...)
		if len(ids) == f.page() {
			return page, fmt.Sprintf("%d.%d", shard, passed+uint64(len(ids))), nil
		}
		if len(page) >= f.page() && shard+1 < shards {
			return page, fmt.Sprintf("%d.0", shard+1), nil
		}
	}
	return page, "", nil
}
