package documents

import (
	"context"
	"fmt"
	"strconv"
	"time"

	"github.com/redis/go-redis/v9"
)

// batch bounds how many commands one round trip carries, and with them how much one
// reply holds.
const batch = 100

// Recent returns at most limit of the documents stored at or after since, newest first.
// It reaches back one TTL at most. Documents that Redis has dropped early are left out, and so are those
// that cannot be read.
// Their Data is shared with other callers and must not be changed.
func (s *Store) Recent(ctx context.Context, since time.Time, limit int) ([]Document, error) {
	if limit <= 0 {
		return nil, nil
	}
	expired := strconv.FormatInt(s.now().Add(-s.ttl).UnixMilli(), 10)
	var newest *redis.StringSliceCmd
	_, err := s.client.Pipelined(ctx, func(p redis.Pipeliner) error {
		p.ZRemRangeByScore(ctx, s.indexKey(), "-inf", expired)
		newest = p.ZRevRangeByScore(ctx, s.indexKey(), &redis.ZRangeBy{
			Min: strconv.FormatInt(since.UnixMilli(), 10), Max: "+inf", Count: int64(limit),
		})
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("recent documents: %w", err)
	}
	ids := newest.Val()
	documents := make([]Document, 0, len(ids))
	for len(ids) > 0 {
		n := min(batch, len(ids))
		read, err := s.read(ctx, ids[:n])
		if err != nil {
			return nil, fmt.Errorf("recent documents: %w", err)
		}
		documents, ids = append(documents, read...), ids[n:]
	}
	return documents, nil
}
