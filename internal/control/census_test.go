package control

import (
	"slices"
	"testing"

	"github.com/redis/go-redis/v9"

	"switchyard/internal/events"
	"switchyard/test/redistest"
)

func TestACensusCountsWhoIsPausedAndWhatWaits(t *testing.T) {
	redistest.Run(t, func(t *testing.T, client redis.UniversalClient) {
		b := NewBrake(client, "switchyard:", events.NewLog(client, "switchyard:", "switchyard/0"))
		if c, err := b.Census(t.Context()); err != nil || c != (Census{}) {
			t.Errorf("of nobody: %+v, %v", c, err)
		}
		for _, user := range []string{"ada", "bob", "eve"} {
			if _, err := b.Pull(t.Context(), user, Order{}); err != nil {
				t.Fatal(err)
			}
		}
		if _, err := b.Release(t.Context(), "bob", Order{}); err != nil {
			t.Fatal(err)
		}
		for _, task := range []string{"agents/a", "agents/b"} {
			if _, err := b.Ask(t.Context(), Pass{User: "carol", Task: task}, "mail"); err != nil {
				t.Fatal(err)
			}
		}
		// What others have written harms nobody else.
		client.ZAdd(t.Context(), b.watchedKey(), redis.Z{Member: "no\nuser"}, redis.Z{Member: "odd"})
		client.Set(t.Context(), b.key("odd", "brake"), "a text", 0)
		client.Set(t.Context(), b.key("odd", "waits"), "a text", 0)
		if c, err := b.Census(t.Context()); err != nil || c != (Census{Paused: 2, Waits: 2}) {
			t.Errorf("%+v, %v; want two paused and two waits", c, err)
		}
		waiting, err := b.Waiting(t.Context())
		if slices.Sort(waiting); err != nil || !slices.Equal(waiting, []string{"agents/a", "agents/b"}) {
			t.Errorf("%v wait for a person, %v; want both runs of carol", waiting, err)
		}
		if _, err := b.Pull(t.Context(), Everyone, Order{}); err != nil {
			t.Fatal(err)
		}
		if c, err := b.Census(t.Context()); err != nil || c != (Census{Everyone: true, Paused: 2, Waits: 2}) {
			t.Errorf("%+v, %v; want everyone, and two paused", c, err)
		}
	})
}
