package schedule

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"switchyard/test/redistest"
)

func TestWhatNoSchedulerTakesIsOverdue(t *testing.T) {
	redistest.Run(t, func(t *testing.T, client redis.UniversalClient) {
		store := NewStore(client, prefix)
		if o, err := store.Overdue(t.Context()); err != nil || o != (Overdue{}) {
			t.Errorf("of no entries: %+v, %v", o, err)
		}
		put(t, store, newEntry("later", "@daily"))
		overdue(t, store, newEntry("e1", "@daily"), 48*time.Hour)
		overdue(t, store, newEntry("e2", "@hourly"), 2*time.Hour)
		o, err := store.Overdue(t.Context())
		if err != nil || o.Of != 3 || o.Entries != 2 || o.Longest < 24*time.Hour || o.Longest > 48*time.Hour {
			t.Errorf("without a scheduler %+v, %v; want 2 of 3, the first for one to two days", o, err)
		}
		e := NewEngine(store, newFakeQueue(), Options{})
		for _, id := range []string{"e1", "e2"} {
			if err := e.work(t.Context(), shardOf(id)); err != nil {
				t.Fatal(err)
			}
		}
		if o, err = store.Overdue(t.Context()); err != nil || o != (Overdue{Of: 3}) {
			t.Errorf("after one has worked %+v, %v; want none of 3", o, err)
		}
	})
}

func TestAScheduleThatCannotBeReadIsAnError(t *testing.T) {
	redistest.Run(t, func(t *testing.T, client redis.UniversalClient) {
		store := NewStore(client, prefix)
		client.Set(t.Context(), store.dueKey(3), "a text", 0)
		if o, err := store.Overdue(t.Context()); err == nil || o != (Overdue{}) {
			t.Errorf("%+v, %v", o, err)
		}
		client.Del(t.Context(), store.dueKey(3))
		client.ZAdd(t.Context(), store.dueKey(3), redis.Z{Score: -1e300, Member: "e"})
		if o, err := store.Overdue(t.Context()); err != nil || o.Entries != 1 || o.Longest != 0 {
			t.Errorf("due at no time: %+v, %v", o, err)
		}
	})
}

func TestTheObserverIsToldOfEachRound(t *testing.T) {
	redistest.Run(t, func(t *testing.T, client redis.UniversalClient) {
		store, queue, rounds := NewStore(client, prefix), newFakeQueue(), &recorder{rounds: make(chan error, 1000)}
		fails := errors.New("no room")
		queue.before = func(context.Context, string) error { return fails }
		overdue(t, store, newEntry("e1", "@daily"), 24*time.Hour)
		start(t, store, queue, Options{Observer: rounds})
		if err := <-rounds.rounds; !errors.Is(err, fails) {
			t.Errorf("the first round ended with %v, want %v", err, fails)
		}
		if err := <-rounds.rounds; err != nil {
			t.Errorf("the next one, with nothing due, ended with %v", err)
		}
	})
}
