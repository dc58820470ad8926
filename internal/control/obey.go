package control

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"sync"
	"time"

	"github.com/redis/go-redis/v9"
	"go.uber.org/zap"
)

// wish is a message on a control channel of a user that is still to be obeyed.
type wish struct {
	channel Channel
	body    string
	at      time.Time // when it came
}

// hear adds a message to the wishes, by user. It takes the place of an earlier one.
func (g *Guard) hear(m *redis.Message, wishes map[string]wish) {
	channel, user, _ := strings.Cut(strings.TrimPrefix(m.Channel, "agent:"), ":")
	if err := checkBraked(user); err != nil {
		g.log.Warn("message on a control channel of no user", zap.Error(err))
		return
	}
	wishes[user] = wish{Channel(channel), m.Payload, time.Now()}
}

// obeyAll obeys the wishes and forgets them. Those that Redis does not take are left for the
// next time. What takes longer goes on in resuming.
func (g *Guard) obeyAll(ctx context.Context, wishes map[string]wish, resuming *sync.WaitGroup) error {
	for user, w := range wishes {
		if err := g.obey(ctx, user, w, resuming); err != nil {
			return err
		}
		delete(wishes, user)
	}
	return nil
}

// obey does what a message asks for. Our own only say that the brake was changed. Any other,
// whatever its body, is somebody else's wish to change it, as the applications around know
// the channels. What was decided since it came stands.
func (g *Guard) obey(ctx context.Context, user string, w wish, resuming *sync.WaitGroup) error {
	if user == Everyone { // nobody but us knows it
		return g.stop(ctx)
	}
	if err := g.stop(ctx, user); err != nil {
		return err
	}
	ours, err := g.brake.hasSent(ctx, user, w.body)
	if err != nil || ours {
		return err
	}
	if w.channel == Pause {
		if _, _, err := g.brake.Pull(ctx, user, time.Since(w.at)); err != nil {
			return err
		}
		return g.stop(ctx, user)
	}
	_, parked, err := g.brake.Release(ctx, user, time.Since(w.at))
	if err != nil {
		return err
	}
	resuming.Go(func() {
		if _, err := (&Operator{Brake: g.brake, Runner: g.runner}).unpark(ctx, user, parked); err != nil && ctx.Err() == nil {
			g.log.Error("parked tasks were not resumed: they run again by themselves", zap.String("user", user), zap.Error(err))
		}
	})
	return nil
}

// hasSent reports whether a message on a control channel of a user tells a change of the
// brake, as the mark in it says that nobody else knows.
func (b *Brake) hasSent(ctx context.Context, user, body string) (bool, error) {
	var event struct {
		Mark string `json:"mark"`
	}
	_ = json.Unmarshal([]byte(body), &event) // what cannot be read has no mark
	if event.Mark == "" {
		return false, nil
	}
	mark, err := b.client.HGet(ctx, b.key(user, "brake"), "mark").Result()
	if err != nil && !errors.Is(err, redis.Nil) {
		return false, fmt.Errorf("read the mark of %s: %w", user, err)
	}
	return event.Mark == mark, nil
}
