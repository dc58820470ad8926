package switchyard

import (
	"context"
	"strings"
	"testing"

	"go.uber.org/goleak"
	"go.uber.org/zap"

	"switchyard/internal/app"
	"switchyard/internal/config"
	"switchyard/internal/daemon"
	"switchyard/internal/rights"
	"switchyard/test/redistest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// onRedis runs a test on an embedded Redis and on a real one, each empty. There it works as a producer, who is to be
// refused nothing.
func onRedis(t *testing.T, test func(t *testing.T, url string)) {
	t.Helper()
	t.Run("miniredis", func(t *testing.T) { test(t, "redis://"+redistest.Mini(t).Addr()) })
	t.Run("redis-server", func(t *testing.T) {
		server := redistest.Server(t)
		needs := rights.Needs{Role: rights.Producer, Prefix: "switchyard:"}
		t.Cleanup(func() { redistest.RefusedNobody(t, server.Addr) })
		test(t, redistest.User(t, server.Addr, "producer", needs.Rules()...))
	})
}

// open returns a client, closed with the test.
func open(t *testing.T, url string, kinds ...Kind) *Client {
	t.Helper()
	c, err := Open(t.Context(), Config{Redis: url}, kinds...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.Close() })
	return c
}

// whole returns a URL of a user who may do everything.
func whole(url string) string {
	if _, address, named := strings.Cut(url, "@"); named {
		return "redis://" + address
	}
	return url
}

// work runs the worker that [Run] would, until the test ends. It is not the user that a URL names.
func work(t *testing.T, url string, kinds ...Kind) {
	t.Helper()
	url = whole(url)
	own, err := own(kinds)
	if err != nil {
		t.Fatal(err)
	}
	loaded, err := config.Flags{Redis: &url, Own: own.Policies}.Load(nil)
	if err != nil {
		t.Fatal(err)
	}
	system, err := app.Open(loaded, zap.NewNop(), own.Kinds...)
	if err != nil {
		t.Fatal(err)
	}
	worker, err := app.NewWorker(system, loaded.Queues)
	if err != nil {
		t.Fatal(err)
	}
	quiet, stop := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- worker.Run(daemon.Stop{Quiet: quiet, Drain: quiet}) }()
	t.Cleanup(func() {
		stop()
		if err := <-ended; err != nil {
			t.Error(err)
		}
		_ = system.Close()
	})
}

// outcome sends a task and returns how it ended.
func outcome(t *testing.T, c *Client, args Args) Status {
	t.Helper()
	receipt, err := c.Send(t.Context(), args, Options{})
	if err != nil {
		t.Fatal(err)
	}
	status, err := c.Wait(t.Context(), receipt.Name)
	if err != nil {
		t.Fatal(err)
	}
	return status
}
