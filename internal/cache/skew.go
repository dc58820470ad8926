package cache

import (
	"context"
	"fmt"
	"time"

	"github.com/redis/go-redis/v9"
)

// Skew returns by how much this machine's clock is ahead of Redis's, negative if it is
// behind. It is exact to half the time that the quickest of three round trips took.
func Skew(ctx context.Context, client redis.UniversalClient) (time.Duration, error) {
	var skew time.Duration
	quickest := time.Duration(1<<63 - 1)
	for range 3 {
		sent := time.Now()
		theirs, err := client.Time(ctx).Result()
		if err != nil {
			return 0, fmt.Errorf("ask redis for the time: %w", err)
		}
		if took := time.Since(sent); took < quickest {
			quickest, skew = took, sent.Add(took/2).Sub(theirs)
		}
	}
	return skew, nil
}
