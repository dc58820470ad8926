package control

import (
	"context"
	"fmt"
	"maps"
	"strings"
	"sync"
	"time"

	"github.com/redis/go-redis/v9"

	"switchyard/internal/cache"
)

// PauseAll puts everyone's brake on and waits until nothing runs, or for the patience. The
// receipt is of all users together.
func (o *Operator) PauseAll(ctx context.Context) (Receipt, error) {
	began := time.Now()
	found, err := o.Brake.allRuns(ctx) // before they stop
	if err != nil {
		return Receipt{}, err
	}
	changed, _, err := o.Brake.Pull(ctx, Everyone, 0)
	if err != nil {
		return Receipt{}, err
	}
	later, err := o.Brake.allRuns(ctx)
	if err != nil {
		return Receipt{}, err
	}
	for user, s := range later {
		maps.Copy(s.Runs, found[user].Runs)
		found[user] = s
	}
	receipt := Receipt{User: Everyone, State: Paused, Changed: changed, Found: []string{}, Unconfirmed: []string{}}
	for _, s := range found {
		receipt.Found = append(receipt.Found, sorted(s.Runs)...)
		s, err := o.await(ctx, s, o.patience()-time.Since(began))
		if err != nil {
			return receipt, err
		}
		receipt.Parked += s.Parked
		if len(s.Runs) > 0 {
			receipt.State = Partial
			receipt.Unconfirmed = append(receipt.Unconfirmed, sorted(s.Runs)...)
		}
	}
	receipt.Took = time.Since(began)
	return receipt, nil
}

// allRuns returns the status of each user with runs.
func (b *Brake) allRuns(ctx context.Context) (map[string]BrakeStatus, error) {
	users, err := b.usersWith(ctx, "runs")
	if err != nil {
		return nil, err
	}
	all := make(map[string]BrakeStatus, len(users))
	for _, user := range users {
		if all[user], err = b.Look(ctx, user); err != nil {
			return nil, err
		}
	}
	return all, nil
}

// ResumeAll takes everyone's brake off and runs the parked tasks of all users whose own
// brake is off. It reports whether the brake was on, and which tasks go on.
func (o *Operator) ResumeAll(ctx context.Context) (changed bool, resumed []string, err error) {
	if changed, _, err = o.Brake.Release(ctx, Everyone, 0); err != nil {
		return false, nil, err
	}
	users, err := o.Brake.usersWith(ctx, "parked")
	if err != nil {
		return changed, nil, err
	}
	for _, user := range users {
		_, s, parked, err := o.Brake.do(ctx, "waiting", user)
		if err != nil {
			return changed, resumed, err
		}
		if s.State.Held() {
			continue
		}
		some, err := o.unpark(ctx, user, parked)
		resumed = append(resumed, some...)
		if err != nil {
			return changed, resumed, err
		}
	}
	return changed, resumed, nil
}

// usersWith returns the users who have a key of that name. It walks through all keys.
func (b *Brake) usersWith(ctx context.Context, name string) ([]string, error) {
	var users []string
	var mu sync.Mutex
	before, after := b.prefix+"{user:", "}:"+name
	err := cache.EachMaster(ctx, b.client, func(ctx context.Context, master redis.UniversalClient) error {
		keys := master.Scan(ctx, 0, before+"*"+after, 1000).Iterator()
		for keys.Next(ctx) {
			mu.Lock()
			users = append(users, strings.TrimSuffix(strings.TrimPrefix(keys.Val(), before), after))
			mu.Unlock()
		}
		return keys.Err()
	})
	if err != nil {
		return nil, fmt.Errorf("find users with %s: %w", name, err)
	}
	return users, nil
}
