// Package links keeps the secret addresses by which readers reach what is theirs without signing in:
// their archive, and the end of deliveries on a channel. Whoever has an address has what it leads to,
// so it can be replaced.
package links

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"github.com/redis/go-redis/v9"

	"switchyard/internal/tasks"
)

// Read is the purpose of an address that shows all of a user's briefings.
const Read = "read"

// leave begins the purpose of an address that ends the deliveries on a channel.
const leave = "leave:"

// Leave returns the purpose of the address that ends a user's deliveries on a channel.
func Leave(channel string) string { return leave + channel }

// Link is what a secret stands for.
type Link struct {
	User    string `json:"user"`
	Purpose string `json:"purpose"`
}

// Channel returns the channel whose deliveries the link ends, "" if it ends none.
func (l Link) Channel() string {
	channel, ok := strings.CutPrefix(l.Purpose, leave)
	if !ok {
		return ""
	}
	return channel
}

// Store keeps links in Redis. It is safe for concurrent use.
type Store struct {
	client redis.UniversalClient
	prefix string
}

// NewStore returns a store whose keys carry prefix.
func NewStore(client redis.UniversalClient, prefix string) *Store { return &Store{client, prefix} }

// ofKey holds a user's secrets by purpose. It is the truth: a secret that is not there is worth nothing.
func (s *Store) ofKey(user string) string { return s.prefix + "links:" + tasks.UserKey(user) }

// linkKey leads from a secret to its user. Its name does not tell the secret.
func (s *Store) linkKey(secret string) string {
	sum := sha256.Sum256([]byte(secret))
	return s.prefix + "link:" + hex.EncodeToString(sum[:])
}

// Secret returns the secret of a user for a purpose, and makes one at the first time.
func (s *Store) Secret(ctx context.Context, user, purpose string) (string, error) {
	known, err := s.client.HGet(ctx, s.ofKey(user), purpose).Result()
	if err == nil {
		return known, nil
	}
	if !errors.Is(err, redis.Nil) {
		return "", fmt.Errorf("link of %s: %w", user, err)
	}
	secret, err := s.add(ctx, user, purpose)
	if err != nil {
		return "", err
	}
	made, err := s.client.HSetNX(ctx, s.ofKey(user), purpose, secret).Result()
	if err != nil {
		return "", fmt.Errorf("make a link of %s: %w", user, err)
	}
	if made {
		return secret, nil
	}
	// Somebody was faster, and theirs counts.
	if err := s.client.Del(ctx, s.linkKey(secret)).Err(); err != nil {
		return "", fmt.Errorf("drop a link of %s: %w", user, err)
	}
	if known, err = s.client.HGet(ctx, s.ofKey(user), purpose).Result(); err != nil {
		return "", fmt.Errorf("link of %s: %w", user, err)
	}
	return known, nil
}

// Rotate makes a new secret of a user for a purpose. The old one leads nowhere from then on.
func (s *Store) Rotate(ctx context.Context, user, purpose string) (string, error) {
	old, err := s.client.HGet(ctx, s.ofKey(user), purpose).Result()
	if err != nil && !errors.Is(err, redis.Nil) {
		return "", fmt.Errorf("link of %s: %w", user, err)
	}
	secret, err := s.add(ctx, user, purpose)
	if err == nil {
		err = s.client.HSet(ctx, s.ofKey(user), purpose, secret).Err()
	}
	if err == nil && old != "" {
		err = s.client.Del(ctx, s.linkKey(old)).Err()
	}
	if err != nil {
		return "", fmt.Errorf("replace a link of %s: %w", user, err)
	}
	return secret, nil
}

// add writes where a new secret leads. It is worth nothing yet.
func (s *Store) add(ctx context.Context, user, purpose string) (string, error) {
	secret := rand.Text()
	where, err := json.Marshal(Link{user, purpose})
	if err == nil {
		err = s.client.Set(ctx, s.linkKey(secret), where, 0).Err()
	}
	if err != nil {
		return "", fmt.Errorf("make a link of %s: %w", user, err)
	}
	return secret, nil
}

// maxSecret bounds what is looked up, in bytes.
const maxSecret = 64

// Find returns where a secret leads and true, or false if it leads nowhere.
func (s *Store) Find(ctx context.Context, secret string) (Link, bool, error) {
	var l Link
	if secret == "" || len(secret) > maxSecret {
		return l, false, nil
	}
	raw, err := s.client.Get(ctx, s.linkKey(secret)).Bytes()
	if errors.Is(err, redis.Nil) {
		return l, false, nil
	}
	if err == nil {
		err = json.Unmarshal(raw, &l)
	}
	if err != nil {
		return l, false, fmt.Errorf("read a link: %w", err)
	}
	now, err := s.client.HGet(ctx, s.ofKey(l.User), l.Purpose).Result()
	if errors.Is(err, redis.Nil) {
		return l, false, nil
	}
	if err != nil {
		return l, false, fmt.Errorf("read the links of %s: %w", l.User, err)
	}
	return l, subtle.ConstantTimeCompare([]byte(now), []byte(secret)) == 1, nil
}
