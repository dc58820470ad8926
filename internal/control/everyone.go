package control

import (
	"context"
	"fmt"

	"github.com/redis/go-redis/v9"
)

// parkedOfAll returns how many tasks are parked because of everyone's brake.
func (o *Operator) parkedOfAll(ctx context.Context) (int64, error) {
	_, _, users, err := o.Brake.do(ctx, "list", Everyone)
	if err != nil {
		return 0, err
	}
	counts := make([]*redis.IntCmd, len(users))
	_, err = o.Brake.client.Pipelined(ctx, func(p redis.Pipeliner) error {
		for i, user := range users {
			counts[i] = p.SCard(ctx, o.Brake.key(user, "parked"))
		}
		return nil
	})
	if err != nil {
		return 0, fmt.Errorf("count what is parked: %w", err)
	}
	all := int64(0)
	for _, n := range counts {
		all += n.Val()
	}
	return all, nil
}

// Overview is what stops everyone, and every user who is not at rest.
type Overview struct {
	Everyone BrakeStatus   `json:"everyone"`
	Users    []BrakeStatus `json:"users"`
	// More is how many users were not looked at any more: some of them may be at rest.
	More int `json:"more,omitempty"`
}

// Overview returns the users who are paused, of whom something is parked, or for whom a step
// waits to be decided: all of them, or the first so many if most is not 0.
func (o *Operator) Overview(ctx context.Context, most int) (Overview, error) {
	if err := o.Brake.adopt(ctx); err != nil {
		return Overview{}, err
	}
	users, err := o.Brake.Watched(ctx)
	if err != nil {
		return Overview{}, err
	}
	all := Overview{Users: []BrakeStatus{}}
	if all.Everyone, err = o.Status(ctx, Everyone); err != nil {
		return all, err
	}
	_, _, parked, err := o.Brake.do(ctx, "list", Everyone)
	if err != nil {
		return all, err
	}
	shown := map[string]bool{Everyone: true}
	for _, user := range append(users, parked...) {
		if shown[user] {
			continue
		}
		shown[user] = true
		if most > 0 && len(all.Users) == most {
			all.More++
			continue
		}
		s, err := o.Status(ctx, user)
		if err != nil {
			return all, err
		}
		// Everyone's brake alone is told once.
		own := len(s.Stops) > 0 && s.Stops[0].User == user
		if own || s.Parked > 0 || len(s.Waits) > 0 {
			all.Users = append(all.Users, s)
		}
	}
	return all, nil
}
