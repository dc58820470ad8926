package control

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"

	"github.com/redis/go-redis/v9"
)

const (
	// maxCounted bounds how many users a census looks at, and countedAtOnce how many in one
	// round trip.
	maxCounted    = 5000
	countedAtOnce = 500
)

// Census is how many users are stopped, and how many runs wait for a person.
type Census struct {
	Everyone bool // everyone's brake is on
	Paused   int  // users whose own brake is on
	Waits    int  // runs of which a step waits for a person
}

// Census counts users who are not at rest, the first 5,000 of them: with more, its counts are the
// least there is. A key of another type counts nothing.
func (b *Brake) Census(ctx context.Context) (Census, error) {
	var c Census
	users, err := b.client.ZRange(ctx, b.watchedKey(), 0, maxCounted-1).Result()
	if err != nil {
		return c, fmt.Errorf("count who is paused: %w", err)
	}
	on, err := b.client.HGet(ctx, b.key(Everyone, "brake"), "on").Result()
	if err != nil && !isAnswer(err) {
		return c, fmt.Errorf("read everyone's brake: %w", err)
	}
	c.Everyone = on == "1"
	for first := 0; first < len(users); first += countedAtOnce {
		if err := b.count(ctx, &c, users[first:min(first+countedAtOnce, len(users))]); err != nil {
			return Census{}, fmt.Errorf("count who is paused: %w", err)
		}
	}
	return c, nil
}

// count adds some users to a census, in one round trip.
func (b *Brake) count(ctx context.Context, c *Census, users []string) error {
	var on []*redis.StringCmd
	var waits []*redis.IntCmd
	_, err := b.client.Pipelined(ctx, func(p redis.Pipeliner) error {
		for _, user := range users {
			if user == Everyone || checkBraked(user) != nil {
				continue
			}
			on = append(on, p.HGet(ctx, b.key(user, "brake"), "on"))
			waits = append(waits, p.HLen(ctx, b.key(user, "waits")))
		}
		return nil
	})
	if err != nil && !isAnswer(err) {
		return err
	}
	for i := range on {
		for _, err := range []error{on[i].Err(), waits[i].Err()} {
			if err != nil && !isAnswer(err) {
				return err
			}
		}
		if on[i].Val() == "1" {
			c.Paused++
		}
		c.Waits += int(waits[i].Val())
	}
	return nil
}

// Waiting returns the tasks, as queue/id, of the runs of which a step waits for a person, in no order. It
// looks at each user who is not at rest.
func (b *Brake) Waiting(ctx context.Context) (all []string, err error) {
	users, err := b.client.ZRange(ctx, b.watchedKey(), 0, -1).Result()
	if err != nil {
		return nil, fmt.Errorf("list what waits for a person: %w", err)
	}
	for some := range slices.Chunk(users, countedAtOnce) {
		var waits []*redis.MapStringStringCmd
		_, _ = b.client.Pipelined(ctx, func(p redis.Pipeliner) error { // each reply carries its own error
			for _, user := range some {
				if user != Everyone && checkBraked(user) == nil {
					waits = append(waits, p.HGetAll(ctx, b.key(user, "waits")))
				}
			}
			return nil
		})
		for _, one := range waits {
			if err := one.Err(); err != nil && !isAnswer(err) {
				return nil, fmt.Errorf("list what waits for a person: %w", err)
			}
			all = slices.AppendSeq(all, maps.Keys(one.Val()))
		}
	}
	return all, nil
}

// isAnswer reports that Redis has answered: there is nothing, or nothing of that type.
func isAnswer(err error) bool {
	return errors.Is(err, redis.Nil) || redis.HasErrorPrefix(err, "WRONGTYPE")
}
