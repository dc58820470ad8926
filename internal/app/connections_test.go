package app

import (
	"strings"
	"testing"
	"time"

	"go.uber.org/zap"

	"switchyard/internal/config"
	"switchyard/test/redistest"
)

func TestAnIdleWorkerHoldsTwelveConnectionsAtMost(t *testing.T) {
	server := redistest.Server(t)
	c := config.Default()
	c.Redis.URL = "redis://" + server.Addr
	work(t, c, zap.NewNop())
	admin := redistest.Client(t, server.Addr)
	var list string
	for deadline := time.Now().Add(time.Minute); time.Now().Before(deadline); time.Sleep(50 * time.Millisecond) { // Redis cannot tell
		var err error
		if list, err = admin.ClientList(t.Context()).Result(); err != nil {
			t.Fatal(err)
		}
		waiting, listening, commands := 0, 0, 0
		for line := range strings.Lines(list) {
			switch {
			case strings.Contains(line, " flags=b "):
				waiting++
			case strings.Contains(line, " flags=P "):
				listening++
			case !strings.Contains(line, " cmd=client|list "):
				commands++
			}
		}
		if waiting == 1 && listening == 2 && commands <= 8 {
			return
		}
	}
	t.Errorf("want one wait for all queues, one connection for the control channels, one for cancellations and at most 8 for commands:\n%s", list)
}
