package briefings

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/redis/go-redis/v9"

	"switchyard/internal/tasks"
	"switchyard/internal/users"
)

// rankingRetention is how long a user's last good ranking may stand in for a failed one.
const rankingRetention = 7 * 24 * time.Hour

// Store keeps briefings and what is remembered of each user between them.
type Store struct {
	client redis.UniversalClient
	prefix string
	keep   Keep
}

// Keep says how long briefings can be read, and how many of a user.
type Keep struct {
	For     time.Duration
	PerUser int
}

// NewStore returns a store whose keys carry prefix.
func NewStore(client redis.UniversalClient, prefix string, keep Keep) *Store {
	return &Store{client, prefix, keep}
}

func (s *Store) briefingKey(id string) string { return s.prefix + "briefing:" + id }

// briefedKey is where it stands up to when a user has had an edition.
func (s *Store) briefedKey(user, edition string) string {
	if edition == users.Daily {
		return s.prefix + "briefed:" + tasks.UserKey(user)
	}
	return s.prefix + "briefed-" + edition + ":" + tasks.UserKey(user)
}

func (s *Store) rankingKey(user string) string { return s.prefix + "ranking:" + tasks.UserKey(user) }

// Since returns the time up to which a user has had an edition, or first if never.
func (s *Store) Since(ctx context.Context, user, edition string, first time.Time) (time.Time, error) {
	at, err := s.client.Get(ctx, s.briefedKey(user, edition)).Time()
	if errors.Is(err, redis.Nil) {
		return first, nil
	}
	if err != nil {
		return at, fmt.Errorf("last briefing of %s: %w", user, err)
	}
	return at, nil
}

// MarkBriefed remembers that a user has had an edition up to a time, for as long as briefings are kept.
func (s *Store) MarkBriefed(ctx context.Context, user, edition string, until time.Time) error {
	if err := s.client.Set(ctx, s.briefedKey(user, edition), until, s.keep.For).Err(); err != nil {
		return fmt.Errorf("mark %s briefed: %w", user, err)
	}
	return nil
}

// rememberRanking keeps a user's last good ranking.
func (s *Store) rememberRanking(ctx context.Context, user string, r ranking) error {
	raw, err := json.Marshal(r)
	if err == nil {
		err = s.client.Set(ctx, s.rankingKey(user), raw, rankingRetention).Err()
	}
	if err != nil {
		return fmt.Errorf("remember ranking of %s: %w", user, err)
	}
	return nil
}

// lastRanking returns a user's last good ranking and true, or false if there is none.
func (s *Store) lastRanking(ctx context.Context, user string) (ranking, bool, error) {
	var r ranking
	raw, err := s.client.Get(ctx, s.rankingKey(user)).Bytes()
	if errors.Is(err, redis.Nil) {
		return r, false, nil
	}
	if err == nil {
		err = json.Unmarshal(raw, &r)
	}
	if err != nil {
		return r, false, fmt.Errorf("last ranking of %s: %w", user, err)
	}
	return r, true, nil
}
