package schedule

import (
	"context"
	"fmt"
	"time"

	"github.com/redis/go-redis/v9"
)

// claim is what an engine took from a shard for the length of a lease.
type claim struct {
	claimed time.Time // by the clock of this machine, before Redis'
	now     time.Time // of Redis
	lapses  time.Time // of Redis: when others may take the entries
	due     []stored
}

// claimBytes is after how many bytes of entries a claim stops, whatever its limit.
const claimBytes = 4 << 20

// claim takes up to limit due entries of a shard for the length of a lease.
func (s *Store) claim(ctx context.Context, shard, limit int, lease time.Duration) (claim, error) {
	claimed := time.Now()
	keys := []string{s.dueKey(shard), s.entriesKey(shard), s.booksKey(shard)}
	reply, err := claimScript.Run(ctx, s.client, keys, limit, lease.Milliseconds(), claimBytes).StringSlice()
	if err != nil {
		return claim{}, fmt.Errorf("claim due entries: %w", err)
	}
	now, err := fromMillis(reply[0])
	c := claim{claimed: claimed, now: now, lapses: now.Add(lease)}
	for fields := reply[1:]; len(fields) >= 3; fields = fields[3:] {
		c.due = append(c.due, stored{id: fields[0], entry: fields[1], books: fields[2]})
	}
	return c, err
}

// dueShards returns the shards with entries that are due, and how long it is until there
// may be another, at most limit. It takes one round trip.
func (s *Store) dueShards(ctx context.Context, limit time.Duration) (due []int, wait time.Duration, err error) {
	var heads []head
	err = s.loaded(ctx, nextDueScript, func() (err error) { heads, err = s.heads(ctx); return err })
	if err != nil {
		return nil, 0, fmt.Errorf("look for due entries: %w", err)
	}
	wait = limit
	for shard, h := range heads {
		// Ticks are whole seconds: an entry added meanwhile is due then at the earliest.
		wait = min(wait, h.now.Truncate(time.Second).Add(time.Second).Sub(h.now))
		if h.due.IsZero() {
			continue
		}
		until := h.due.Sub(h.now)
		if until <= 0 {
			due = append(due, shard)
		}
		wait = min(wait, until)
	}
	return due, max(wait, 0), nil
}

// head is when the next entry of a shard is due, zero if there is none, and the time of
// its Redis. In a cluster the clocks of the masters may differ.
type head struct{ now, due time.Time }

func (s *Store) heads(ctx context.Context) ([]head, error) {
	replies := make([]*redis.Cmd, shards)
	_, err := s.client.Pipelined(ctx, func(p redis.Pipeliner) error {
		for shard := range shards {
			replies[shard] = nextDueScript.EvalSha(ctx, p, []string{s.dueKey(shard)})
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	heads := make([]head, shards)
	for shard, reply := range replies {
		fields, err := reply.StringSlice()
		if err == nil {
			heads[shard].now, err = fromMillis(fields[0])
		}
		if err == nil && len(fields) > 1 {
			heads[shard].due, err = fromMillis(fields[1])
		}
		if err != nil {
			return nil, err
		}
	}
	return heads, nil
}
