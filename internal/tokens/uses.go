package tokens

import (
	"context"
	_ "embed"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/redis/go-redis/v9"
)

//go:embed use.lua
var useLua string

var useScript = redis.NewScript(useLua)

const (
	// writeEvery is the time between two writes of uses.
	writeEvery = 5 * time.Second
	// writeWithin bounds the last one, when the process stops.
	writeWithin = 2 * time.Second
)

// use is how often a token was used, and when last.
type use struct {
	times int64
	last  time.Time
}

func (s *Store) note(id string, at time.Time) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.count(id, use{1, at})
}

// count adds uses of one token. The caller holds mu.
func (s *Store) count(id string, more use) {
	u := s.uses[id]
	u.times += more.times
	if more.last.After(u.last) {
		u.last = more.last
	}
	s.uses[id] = u
}

// Run writes every few seconds how often tokens were used, until ctx ends, and then once more: no
// request waits for that. A process that is killed loses the uses of its last seconds, and an
// answer that is lost on its way may count some twice. The error says that the last write failed.
func (s *Store) Run(ctx context.Context) error {
	tick := time.NewTicker(writeEvery)
	defer tick.Stop()
	for {
		select {
		case <-tick.C:
			_ = s.flush(ctx) // they stay here, and are written with the next
		case <-ctx.Done():
			last, cancel := context.WithTimeout(context.WithoutCancel(ctx), writeWithin)
			defer cancel()
			return s.flush(last)
		}
	}
}

// flush writes what has been noted. What Redis does not take is kept.
func (s *Store) flush(ctx context.Context) error {
	s.mu.Lock()
	noted := s.uses
	s.uses = make(map[string]use, len(noted))
	s.mu.Unlock()
	rows := make([][3]any, 0, len(noted))
	for id, u := range noted {
		rows = append(rows, [3]any{id, u.times, u.last.UnixMilli()})
	}
	var failed []error
	for some := range slices.Chunk(rows, atOnce) {
		if err := s.write(ctx, some); err != nil {
			failed = append(failed, err)
			s.mu.Lock()
			for _, row := range some {
				id := row[0].(string)
				s.count(id, noted[id])
			}
			s.mu.Unlock()
		}
	}
	return errors.Join(failed...)
}

func (s *Store) write(ctx context.Context, rows [][3]any) error {
	given, err := argument(map[string]any{"token": s.token(""), "uses": rows})
	if err != nil {
		return err
	}
	if err := useScript.Run(ctx, s.client, []string{s.made()}, given).Err(); err != nil && !errors.Is(err, redis.Nil) {
		return fmt.Errorf("write how often %d tokens were used: %w", len(rows), err)
	}
	return nil
}
