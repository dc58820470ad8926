package faults

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"
	"time"

	"switchyard/internal/tasks"
)

const toldSecret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"

// audience is an address that is told of ends.
type audience struct {
	url   string
	mu    sync.Mutex
	told  map[string]map[string]bool // the events by task
	posts int
}

func newAudience(t *testing.T) *audience {
	a := &audience{told: make(map[string]map[string]bool)}
	server := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		var event struct {
			Data struct{ ID, State string }
		}
		if err := json.NewDecoder(r.Body).Decode(&event); err != nil || event.Data.State != "succeeded" {
			t.Errorf("told %+v, %v", event, err)
		}
		a.mu.Lock()
		defer a.mu.Unlock()
		if a.told[event.Data.ID] == nil {
			a.told[event.Data.ID] = make(map[string]bool)
		}
		a.told[event.Data.ID][r.Header.Get("webhook-id")] = true
		a.posts++
	}))
	t.Cleanup(server.Close)
	a.url = server.URL
	return a
}

func TestEachEndIsToldAsOneEventAlthoughWorkersAreKilled(t *testing.T) {
	t.Parallel()
	redis := server(t)
	r := newRig(t, 4, "redis://"+redis.Addr, "redis://"+redis.Addr)
	a := newAudience(t)
	r.notify = []tasks.Hook{{URL: a.url}}
	n, kills, restarts := either(5000, 800), either(25, 6), 1

	r.send(n)
	for _, f := range r.drawMoments(n, kills, restarts) {
		r.awaitDone(f.done)
		if f.restart {
			r.restart(redis, drawUpTo(r.random, 3*time.Second))
		} else {
			r.killAWorker()
		}
	}
	r.finish()

	for _, id := range r.sent {
		if events := a.told[id]; len(events) != 1 {
			t.Errorf("task %s is told as %d events: %v", id, len(events), events)
		}
	}
	t.Logf("%d ends, told in %d posts", len(a.told), a.posts)
}
