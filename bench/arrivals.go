package bench

import (
	"context"
	"fmt"
	"time"

	"switchyard/internal/tasks"

	"github.com/redis/go-redis/v9"
)

// lookEvery is how often the length of a queue is looked at. It bounds how exact a lag is.
const lookEvery = 2 * time.Millisecond

// arrival says how many tasks a queue held how long after they were due, by Redis's clock.
type arrival struct {
	tasks int
	lag   time.Duration
}

// arrivals watches a queue from outside until it holds n tasks, whoever adds them, and
// returns how it filled. due is by Redis's clock.
func arrivals(ctx context.Context, client redis.UniversalClient, queue string, n int, due time.Time, told func(tasks int)) ([]arrival, error) {
	var all []arrival
	last := 0
	for {
		var length *redis.IntCmd
		var clock *redis.TimeCmd
		if _, err := client.Pipelined(ctx, func(p redis.Pipeliner) error {
			length = p.LLen(ctx, "asynq:{"+queue+"}:pending")
			clock = p.Time(ctx)
			return nil
		}); err != nil {
			return all, because(ctx, fmt.Errorf("watch queue %s: %w", queue, err))
		}
		if now := int(length.Val()); now > last {
			last = now
			all = append(all, arrival{now, clock.Val().Sub(due)})
			told(now)
		}
		if last >= n {
			return all, nil
		}
		if err := tasks.Sleep(ctx, lookEvery); err != nil {
			return all, err
		}
	}
}

// lagOf returns how late the task was that p percent of n were added no later than.
func lagOf(all []arrival, n int, p float64) time.Duration {
	for _, a := range all {
		if float64(a.tasks) >= p/100*float64(n) {
			return a.lag
		}
	}
	return 0
}
