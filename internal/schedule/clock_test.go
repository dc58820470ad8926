package schedule

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/redis/go-redis/v9"

	"switchyard/internal/tasks"
	"switchyard/test/redistest"
)

// TestOnlyTheClockOfRedisMatters runs an engine whose own clock starts in the year 2000
// and leaps ahead whenever it sleeps.
func TestOnlyTheClockOfRedisMatters(t *testing.T) {
	server := redistest.Server(t)
	outside := redistest.Client(t, server.Addr)
	store := NewStore(outside, prefix)
	e := newEntry("e1", "@every 1s")
	e.CatchUp = All
	put(t, store, e)
	first := get(t, store, "e1").Books.Next

	var ticks []tasks.Tick
	var latest time.Time // of Redis, when they were enqueued
	synctest.Test(t, func(t *testing.T) {
		if year := time.Now().Year(); year > 2001 {
			t.Fatalf("the clock here shows %d", year)
		}
		client := redis.NewClient(&redis.Options{Addr: server.Addr})
		defer func() { _ = client.Close() }()
		store, queue := NewStore(client, prefix), newFakeQueue()
		stop := start(t, store, queue, Options{MaxWait: time.Hour})
		// The clock here leaps, so that only Redis can tell when to give up.
		for !queue.has(tickID("e1", first.Add(time.Second))) {
			if now := client.Time(t.Context()).Val(); now.After(first.Add(patience)) {
				t.Errorf("at %s by Redis the second tick is still not enqueued, which was due a second after %s", now, first)
				break
			}
			time.Sleep(time.Minute)
		}
		stop()
		latest = client.Time(t.Context()).Val()
		for _, tick := range queue.added {
			ticks = append(ticks, tick)
		}
	})
	for _, tick := range ticks {
		if tick.At.Before(first) || tick.At.After(latest) {
			t.Errorf("enqueued the tick %s, want those from %s to %s", tick.At, first, latest)
		}
	}
	if most := int(latest.Sub(first)/time.Second) + 1; len(ticks) < 2 || len(ticks) > most {
		t.Errorf("enqueued %d ticks, want 2 to %d", len(ticks), most)
	}
}
