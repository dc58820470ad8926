package switchyard

import (
	"context"
	"testing"

	"go.uber.org/goleak"
	"go.uber.org/zap"

	"switchyard/internal/app"
	"switchyard/internal/config"
	"switchyard/internal/daemon"
	"switchyard/test/redistest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// onRedis runs a test on an embedded Redis and on a real one, each empty.
func onRedis(t *testing.T, test func(t *testing.T, url string)) {
	t.Helper()
	t.Run("miniredis", func(t *testing.T) { test(t, "redis://"+redistest.Mini(t).Addr()) })
	t.Run("redis-server", func(t *testing.T) { test(t, "redis://"+redistest.Server(t).Addr) })
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

// work runs the worker that [Run] would, until the test ends.
func work(t *testing.T, url string, kinds ...Kind) {
	t.Helper()
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
