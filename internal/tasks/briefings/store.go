package briefings

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/redis/go-redis/v9"

	"switchyard/internal/tasks"
)

// Retention is how long a briefing can be read.
const Retention = 48 * time.Hour

// rankingRetention is how long a user's last good ranking may stand in for a failed one.
const rankingRetention = 7 * 24 * time.Hour

// deliveredField marks a channel in a briefing's hash.
const deliveredField = "delivered:"

// Store keeps briefings and what is remembered of each user between them.
type Store struct {
	client redis.UniversalClient
	prefix string
}

// NewStore returns a store whose keys carry prefix.
func NewStore(client redis.UniversalClient, prefix string) *Store {
	return &Store{client, prefix}
}

func (s *Store) briefingKey(id string) string  { return s.prefix + "briefing:" + id }
func (s *Store) briefedKey(user string) string { return s.prefix + "briefed:" + tasks.UserKey(user) }
func (s *Store) rankingKey(user string) string { return s.prefix + "ranking:" + tasks.UserKey(user) }
func (s *Store) indexKey() string              { return s.prefix + "briefings" }

// Put stores a briefing for [Retention]. One already stored under its ID stays.
func (s *Store) Put(ctx context.Context, b Briefing) error {
	raw, err := json.Marshal(b)
	if err != nil {
		return fmt.Errorf("encode briefing %s: %w", b.ID, err)
	}
	_, err = s.client.Pipelined(ctx, func(p redis.Pipeliner) error {
		p.HSetNX(ctx, s.briefingKey(b.ID), "briefing", raw)
		p.Expire(ctx, s.briefingKey(b.ID), Retention)
		p.ZAdd(ctx, s.indexKey(), redis.Z{Score: float64(b.Created.Unix()), Member: b.ID})
		p.ZRemRangeByScore(ctx, s.indexKey(), "-inf", strconv.FormatInt(b.Created.Add(-Retention).Unix(), 10))
		return nil
	})
	if err != nil {
		return fmt.Errorf("store briefing %s: %w", b.ID, err)
	}
	return nil
}

// Get returns a briefing and true, or false if there is none.
func (s *Store) Get(ctx context.Context, id string) (Briefing, bool, error) {
	var b Briefing
	raw, err := s.client.HGet(ctx, s.briefingKey(id), "briefing").Bytes()
	if errors.Is(err, redis.Nil) {
		return b, false, nil
	}
	if err == nil {
		err = json.Unmarshal(raw, &b)
	}
	if err != nil {
		return b, false, fmt.Errorf("read briefing %s: %w", id, err)
	}
	return b, true, nil
}

// List returns the newest briefings of all users, newest first.
func (s *Store) List(ctx context.Context, limit int) ([]Briefing, error) {
	ids, err := s.client.ZRevRange(ctx, s.indexKey(), 0, int64(limit)-1).Result()
	if err != nil {
		return nil, fmt.Errorf("list briefings: %w", err)
	}
	list := make([]Briefing, 0, len(ids))
	for _, id := range ids {
		b, found, err := s.Get(ctx, id)
		if err != nil {
			return nil, err
		}
		if found {
			list = append(list, b)
		}
	}
	return list, nil
}

// Delivered returns the channels that have had a briefing.
func (s *Store) Delivered(ctx context.Context, id string) ([]string, error) {
	fields, err := s.client.HKeys(ctx, s.briefingKey(id)).Result()
	if err != nil {
		return nil, fmt.Errorf("deliveries of %s: %w", id, err)
	}
	var channels []string
	for _, f := range fields {
		if name, ok := strings.CutPrefix(f, deliveredField); ok {
			channels = append(channels, name)
		}
	}
	return channels, nil
}

// MarkDelivered remembers that a channel has had a briefing.
func (s *Store) MarkDelivered(ctx context.Context, id, channel string) error {
	if err := s.client.HSet(ctx, s.briefingKey(id), deliveredField+channel, 1).Err(); err != nil {
		return fmt.Errorf("mark %s delivered by %s: %w", id, channel, err)
	}
	return nil
}

// Since returns the time up to which a user has been briefed, or first if never.
func (s *Store) Since(ctx context.Context, user string, first time.Time) (time.Time, error) {
	at, err := s.client.Get(ctx, s.briefedKey(user)).Time()
	if errors.Is(err, redis.Nil) {
		return first, nil
	}
	if err != nil {
		return at, fmt.Errorf("last briefing of %s: %w", user, err)
	}
	return at, nil
}

// MarkBriefed remembers that a user has been briefed up to a time.
func (s *Store) MarkBriefed(ctx context.Context, user string, until time.Time) error {
	if err := s.client.Set(ctx, s.briefedKey(user), until, 0).Err(); err != nil {
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
