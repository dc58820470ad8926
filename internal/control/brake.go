package control

import (
	"context"
	"fmt"
	"time"

	"github.com/redis/go-redis/v9"

	"switchyard/internal/tasks"
)

// Everyone is the user whose brake is everybody's. No user has this id.
const Everyone = "*"

// Brake is the durable truth of which users' agents are stopped; the channels only nudge.
// It is safe for concurrent use.
type Brake struct {
	client redis.UniversalClient
	key    string // hash: user -> since when, RFC 3339
}

// NewBrake returns a brake whose key carries prefix, which includes its colon.
func NewBrake(client redis.UniversalClient, prefix string) *Brake {
	return &Brake{client: client, key: prefix + "brakes"}
}

func checkBraked(user string) error {
	if user == Everyone {
		return nil
	}
	return tasks.CheckUser(user)
}

// Pull puts a user's brake on, or everyone's, and reports whether it was off.
func (b *Brake) Pull(ctx context.Context, user string) (bool, error) {
	if err := checkBraked(user); err != nil {
		return false, err
	}
	pulled, err := b.client.HSetNX(ctx, b.key, user, time.Now().UTC().Format(time.RFC3339)).Result()
	if err != nil {
		return false, fmt.Errorf("pull the brake of %s: %w", user, err)
	}
	return pulled, nil
}

// Release takes a user's brake off, or everyone's, and reports whether it was on. A brake
// of their own that users have stays on when everyone's is released.
func (b *Brake) Release(ctx context.Context, user string) (bool, error) {
	if err := checkBraked(user); err != nil {
		return false, err
	}
	n, err := b.client.HDel(ctx, b.key, user).Result()
	if err != nil {
		return false, fmt.Errorf("release the brake of %s: %w", user, err)
	}
	return n > 0, nil
}

// Held returns for each user whether their brake is on, or everyone's. It takes one round
// trip.
func (b *Brake) Held(ctx context.Context, users []string) ([]bool, error) {
	found, err := b.client.HMGet(ctx, b.key, append([]string{Everyone}, users...)...).Result()
	if err != nil {
		return nil, fmt.Errorf("read the brakes of %d users: %w", len(users), err)
	}
	held := make([]bool, len(users))
	for i := range users {
		held[i] = found[0] != nil || found[i+1] != nil
	}
	return held, nil
}
