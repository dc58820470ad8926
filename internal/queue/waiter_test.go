package queue

import (
	"context"
	"sync"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"switchyard/internal/queue/format"
	"switchyard/internal/queue/lane"
	"switchyard/internal/routing"
	"switchyard/internal/tasks"
	"switchyard/test/redistest"
)

// newWaiter returns a waiter that runs until the test ends, and looks only when it is told to.
func newWaiter(t *testing.T, c *Client) *Waiter {
	t.Helper()
	w := NewWaiter(c)
	w.every = time.Hour
	ctx, cancel := context.WithCancel(context.Background())
	var running sync.WaitGroup
	running.Go(func() { w.Run(ctx) })
	t.Cleanup(func() { cancel(); running.Wait() })
	for w.ears.Check(ctx) != nil {
		time.Sleep(time.Millisecond)
	}
	return w
}

// TestTheEndOfATaskIsToldToWhoWaitsForIt has tasks end in every way that a lane ends them.
func TestTheEndOfATaskIsToldToWhoWaitsForIt(t *testing.T) {
	redistest.Run(t, func(t *testing.T, client redis.UniversalClient) {
		release := make(chan struct{})
		held := func(value any, err error) func(context.Context, *tasks.Task, note) (any, error) {
			return func(context.Context, *tasks.Task, note) (any, error) { <-release; return value, err }
		}
		r := newRig(t, client, map[string]routing.Patch{"agent_a": {Retention: new(time.Hour)}, "agent_b": {Retention: new(time.Duration(0))}},
			handlers{"agent_a": held("kept", nil), "agent_b": held(nil, nil), "scrape_c": held(nil, tasks.Permanent(context.DeadlineExceeded))})
		w := newWaiter(t, r.client)
		r.start(lane.Options{Queue: "agents", Concurrency: 2})
		r.start(lane.Options{Queue: "scraping", Concurrency: 1})
		want := map[string]tasks.State{"agent_a": tasks.StateSucceeded, "agent_b": "", "scrape_c": tasks.StateFailed}
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		var waiting sync.WaitGroup
		for kind, state := range want {
			receipt := r.Enqueue(note{As: kind}, tasks.Options{})
			waiting.Go(func() {
				s, found, err := w.Wait(ctx, tasks.Name{Queue: receipt.Queue, ID: receipt.ID})
				if err != nil || s.State != state || found != (state != "") {
					t.Errorf("%s is %q, found %v, %v; want %q", kind, s.State, found, err, state)
				}
			})
		}
		for {
			agents, scraping := client.SCard(t.Context(), format.WaitersKey("agents")).Val(), client.SCard(t.Context(), format.WaitersKey("scraping")).Val()
			if agents == 2 && scraping == 1 {
				break
			}
			time.Sleep(time.Millisecond)
		}
		close(release)
		waiting.Wait()
		if n := client.Exists(t.Context(), format.WaitersKey("agents")).Val(); n != 0 {
			t.Error("those whose end was told are waited for still")
		}
	})
}

func TestWhoWaitsGivesUpWithItsContext(t *testing.T) {
	redistest.Run(t, func(t *testing.T, client redis.UniversalClient) {
		r := newRig(t, client, nil, handlers{"agent_a": nothing})
		w := newWaiter(t, r.client)
		receipt := r.Enqueue(note{As: "agent_a"}, tasks.Options{})
		ctx, cancel := context.WithCancelCause(t.Context())
		go func() {
			for client.SCard(t.Context(), format.WaitersKey("agents")).Val() == 0 {
				time.Sleep(time.Millisecond)
			}
			cancel(context.Canceled)
		}()
		_, _, err := w.Wait(ctx, tasks.Name{Queue: receipt.Queue, ID: receipt.ID})
		if err == nil || ctx.Err() == nil {
			t.Errorf("error %v, want that of the context", err)
		}
	})
}
