package control

import (
	"context"
	_ "embed"
	"fmt"
	"strings"
	"sync"
	"time"

	"github.com/redis/go-redis/v9"

	"switchyard/internal/cache"
	"switchyard/internal/tasks"
)

var (
	//go:embed watched.lua
	watchedLua string
	//go:embed seen.lua
	seenLua string

	watchedScript = redis.NewScript(watchedLua)
	seenScript    = redis.NewScript(seenLua)
)

// noteWithin bounds what is written beside a user's own keys: in a cluster that is elsewhere,
// and a master that is away there holds up nobody's brake.
const noteWithin = 500 * time.Millisecond

// watchedKey is the index of the users whose brake is not at rest: those who are stopped, of
// whom something is parked, or for whom a step waits.
func (b *Brake) watchedKey() string { return b.prefix + "braked" }

// watchFrom has some worker look at a user's brake, from now on until it is at rest.
func (b *Brake) watchFrom(ctx context.Context, user string) error {
	return b.index(ctx, user, redis.ZAddArgs{})
}

// watchUnlessWatched is watchFrom for whoever has only heard of a change.
func (b *Brake) watchUnlessWatched(ctx context.Context, user string) error {
	return b.index(ctx, user, redis.ZAddArgs{NX: true})
}

func (b *Brake) index(ctx context.Context, user string, how redis.ZAddArgs) error {
	ctx, cancel := context.WithTimeout(ctx, noteWithin)
	defer cancel()
	how.Members = []redis.Z{{Member: user}}
	if err := b.client.ZAddArgs(ctx, b.watchedKey(), how).Err(); err != nil {
		return fmt.Errorf("watch the brake of %s: %w", user, err)
	}
	return nil
}

// claim is brakes that this process is to look at.
type claim struct {
	now, until int64 // milliseconds, by Redis's clock
	users      []string
}

// claimWatched returns the brakes that are due to be looked at, and keeps other processes
// from looking at them for a while.
func (b *Brake) claimWatched(ctx context.Context, most int) (claim, error) {
	reply, err := watchedScript.Run(ctx, b.client, []string{b.watchedKey()}, claimFor.Milliseconds(), most).Slice()
	if err != nil {
		return claim{}, fmt.Errorf("find the brakes to look at: %w", err)
	}
	var c claim
	c.now, _ = reply[0].(int64)
	c.until, _ = reply[1].(int64)
	c.users = texts(reply[2:])
	return c, nil
}

// seen notes when a brake is to be looked at next; 0: not before it is changed.
func (b *Brake) seen(ctx context.Context, c claim, user string, again time.Duration) error {
	next := int64(0)
	if again > 0 {
		next = c.now + again.Milliseconds()
	}
	if err := seenScript.Run(ctx, b.client, []string{b.watchedKey()}, user, c.until, next).Err(); err != nil {
		return fmt.Errorf("note the look at the brake of %s: %w", user, err)
	}
	return nil
}

// Watched returns the users whose brake is not at rest, [Everyone] among them.
func (b *Brake) Watched(ctx context.Context) ([]string, error) {
	users, err := b.client.ZRange(ctx, b.watchedKey(), 0, -1).Result()
	if err != nil {
		return nil, fmt.Errorf("list the users whose brake is not at rest: %w", err)
	}
	return users, nil
}

// adopt adds the users to the index whom an earlier version has stopped, or told that a step
// waits: it had none. It walks through all keys, once in the life of a deployment.
func (b *Brake) adopt(ctx context.Context) error {
	adopted := b.prefix + "braked:adopted"
	if done, err := b.client.Exists(ctx, adopted).Result(); err != nil || done == 1 {
		return err
	}
	var mu sync.Mutex
	before := b.prefix + "{user:"
	err := cache.EachMaster(ctx, b.client, func(ctx context.Context, master redis.UniversalClient) error {
		for _, name := range []string{"brake", "parked", "waits"} {
			after := "}:" + name
			keys := master.Scan(ctx, 0, before+"*"+after, 1000).Iterator()
			for keys.Next(ctx) {
				user := tasks.UserOfKey(strings.TrimSuffix(strings.TrimPrefix(keys.Val(), before), after))
				if checkBraked(user) != nil {
					continue
				}
				mu.Lock()
				err := b.watchFrom(ctx, user)
				mu.Unlock()
				if err != nil {
					return err
				}
			}
			if err := keys.Err(); err != nil {
				return err
			}
		}
		return nil
	})
	if err == nil {
		err = b.client.Set(ctx, adopted, "", 0).Err()
	}
	if err != nil {
		return fmt.Errorf("find users whose brake is on: %w", err)
	}
	return nil
}
