package control

import (
	"context"
	"encoding/json"
	"strings"
	"sync"

	"go.uber.org/zap"
)

// obey does what a message on a control channel asks for. Our own messages only say that
// the brake was changed. Any other, whatever its body, is somebody else's wish to change
// it, as the applications around know the channels. What takes longer goes on in resuming.
func (g *Guard) obey(ctx context.Context, channel, body string, resuming *sync.WaitGroup) error {
	wish, user, _ := strings.Cut(strings.TrimPrefix(channel, "agent:"), ":")
	if err := checkBraked(user); err != nil {
		g.log.Warn("message on a control channel of no user", zap.Error(err))
		return nil
	}
	if user == Everyone { // nobody but us knows it
		return g.stop(ctx)
	}
	switch {
	case isOurs(body):
	case Channel(wish) == Pause:
		if _, _, err := g.brake.Pull(ctx, user, 0); err != nil {
			return err
		}
	default:
		resuming.Go(func() {
			if _, _, err := (&Operator{Brake: g.brake, Runner: g.runner}).Resume(ctx, user); err != nil && ctx.Err() == nil {
				g.log.Error("parked tasks were not resumed: they run again by themselves", zap.String("user", user), zap.Error(err))
			}
		})
	}
	return g.stop(ctx, user)
}

// isOurs reports whether a message is an event of a [Brake].
func isOurs(body string) bool {
	var event struct {
		Version int    `json:"version"`
		Type    string `json:"type"`
		Seq     int64  `json:"seq"`
	}
	return json.Unmarshal([]byte(body), &event) == nil && event.Version > 0 && event.Type == "brake" && event.Seq > 0
}
