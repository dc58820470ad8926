package control

import (
	"context"
	"strings"

	"github.com/redis/go-redis/v9"
)

// Released calls told with each user on whose channel a resume is asked for or announced,
// [Everyone] among them, until ctx ends. Whether the brake is off then is for told to ask: a
// wish changes nothing until a guard has obeyed it, and is followed by the announcement.
//
// Messages are lost while the connection is, and while told takes longer than a minute. What
// must not be missed is to be looked for as well.
func (b *Brake) Released(ctx context.Context, told func(user string)) {
	channel := "agent:" + string(Resume) + ":"
	ears := b.client.PSubscribe(ctx, channel+"*")
	defer func() { _ = ears.Close() }()
	heard := ears.Channel(redis.WithChannelHealthCheckInterval(listenCheck))
	for {
		select {
		case <-ctx.Done():
			return
		case m := <-heard:
			if user := strings.TrimPrefix(m.Channel, channel); checkBraked(user) == nil {
				told(user)
			}
		}
	}
}
