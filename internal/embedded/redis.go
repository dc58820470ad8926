// Package embedded runs a Redis in this process, for showing the system at work on a machine that
// has none.
package embedded

import (
	"fmt"
	"time"

	"github.com/alicebob/miniredis/v2"
)

// Redis starts a Redis on a free port of this machine's loopback and returns its URL. It keeps
// nothing once stop is called. Its clock moves with the real one, second by second, so that what
// has a TTL expires.
func Redis() (url string, stop func(), err error) {
	m := miniredis.NewMiniRedis()
	if err := m.Start(); err != nil {
		return "", nil, fmt.Errorf("start the embedded redis: %w", err)
	}
	done, ended := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(ended)
		tick := time.NewTicker(time.Second)
		defer tick.Stop()
		for last := time.Now(); ; {
			select {
			case now := <-tick.C:
				m.FastForward(now.Sub(last))
				last = now
			case <-done:
				return
			}
		}
	}()
	return "redis://" + m.Addr(), func() {
		close(done)
		<-ended
		m.Close()
	}, nil
}
