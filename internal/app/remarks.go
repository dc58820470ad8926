package app

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"time"

	"switchyard/internal/calendar"
	"switchyard/internal/config"
)

// tripsOfQueue is how many round trips a worker has under way at once for a queue.
const tripsOfQueue = 2

// Remarks tells what of a valid configuration may not be what somebody meant.
func Remarks(c config.Config) ([]string, error) {
	s, err := openToCheck(c)
	if err != nil {
		return nil, err
	}
	defer func() { _ = s.Close() }()
	var all []string
	if trips := tripsOfQueue * len(c.Queues); trips > c.Redis.PoolSize {
		all = append(all, fmt.Sprintf("redis.pool_size is %d, and a worker of all %d queues has up to %d round trips under way, which then wait for each other: raise it, or give workers some of the queues with --queues", c.Redis.PoolSize, len(c.Queues), trips))
	}
	for _, kind := range slices.Sorted(maps.Keys(c.Policies)) {
		if _, err := s.Catalog.Lookup(kind); err != nil {
			all = append(all, fmt.Sprintf("policies.%s: %v", kind, err))
		}
	}
	entries, err := c.Entries()
	for _, e := range entries {
		if remark := calendar.Remark(e.Spec, e.Cron); remark != "" {
			all = append(all, fmt.Sprintf("schedule entry %s: %s", e.ID, remark))
		}
		if next, err := e.NextTicks(context.Background(), time.Now(), 1); err == nil && len(next) == 0 {
			all = append(all, fmt.Sprintf("schedule entry %s: it is never due again: remove it, or give it other times", e.ID))
		}
	}
	return all, err
}
