// Package users keeps what each user wants to be briefed about, when and how.
package users

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/redis/go-redis/v9"

	"switchyard/internal/tasks"
)

// Channels are the ways a briefing can reach a user.
var Channels = []string{"in_app", "file"}

// User is one user's preferences.
type User struct {
	ID       string   `json:"id"`
	Topics   []string `json:"topics"`
	Zone     string   `json:"zone"`     // IANA name, such as Europe/Berlin
	Time     string   `json:"time"`     // of day in that zone, HH:MM
	Channels []string `json:"channels"` // of [Channels]
}

// WithDefaults fills what is left empty: 08:00 UTC, in_app.
func (u User) WithDefaults() User {
	u.Zone = cmp.Or(u.Zone, "UTC")
	u.Time = cmp.Or(u.Time, "08:00")
	if len(u.Channels) == 0 {
		u.Channels = []string{"in_app"}
	}
	return u
}

// Validate reports every preference that cannot be kept.
func (u User) Validate() error {
	errs := []error{tasks.CheckUser(u.ID), tasks.CheckTopics(u.Topics)}
	if _, err := time.LoadLocation(u.Zone); err != nil || u.Zone == "" || u.Zone == "Local" {
		errs = append(errs, fmt.Errorf("zone %q is unknown: give an IANA name such as Europe/Berlin", u.Zone))
	}
	if _, err := time.Parse("15:04", u.Time); err != nil {
		errs = append(errs, fmt.Errorf("time %q: give HH:MM, such as 08:00", u.Time))
	}
	for _, c := range u.Channels {
		if !slices.Contains(Channels, c) {
			errs = append(errs, fmt.Errorf("channel %q is unknown: use %s", c, strings.Join(Channels, ", ")))
		}
	}
	return errors.Join(errs...)
}

// Store keeps users in Redis. It is safe for concurrent use.
type Store struct {
	client redis.UniversalClient
	key    string
}

// NewStore returns a store whose key carries prefix.
func NewStore(client redis.UniversalClient, prefix string) *Store {
	return &Store{client, prefix + "users"}
}

// Put stores a user's preferences in place of earlier ones.
func (s *Store) Put(ctx context.Context, u User) error {
	if err := u.Validate(); err != nil {
		return err
	}
	raw, err := json.Marshal(u)
	if err == nil {
		err = s.client.HSet(ctx, s.key, u.ID, raw).Err()
	}
	if err != nil {
		return fmt.Errorf("store user %s: %w", u.ID, err)
	}
	return nil
}

// Get returns a user's preferences and true, or false if there are none.
func (s *Store) Get(ctx context.Context, id string) (User, bool, error) {
	var u User
	raw, err := s.client.HGet(ctx, s.key, id).Bytes()
	if errors.Is(err, redis.Nil) {
		return u, false, nil
	}
	if err == nil {
		err = json.Unmarshal(raw, &u)
	}
	if err != nil {
		return u, false, fmt.Errorf("read user %s: %w", id, err)
	}
	return u, true, nil
}

// List returns all users, by ID.
func (s *Store) List(ctx context.Context) ([]User, error) {
	values, err := s.client.HVals(ctx, s.key).Result()
	if err != nil {
		return nil, fmt.Errorf("list users: %w", err)
	}
	list := make([]User, len(values))
	for i, raw := range values {
		if err := json.Unmarshal([]byte(raw), &list[i]); err != nil {
			return nil, fmt.Errorf("list users: %w", err)
		}
	}
	slices.SortFunc(list, func(a, b User) int { return strings.Compare(a.ID, b.ID) })
	return list, nil
}

// Remove forgets a user and reports whether there was one.
func (s *Store) Remove(ctx context.Context, id string) (bool, error) {
	n, err := s.client.HDel(ctx, s.key, id).Result()
	if err != nil {
		return false, fmt.Errorf("remove user %s: %w", id, err)
	}
	return n > 0, nil
}
