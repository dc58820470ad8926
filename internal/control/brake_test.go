package control

import (
	"slices"
	"testing"

	"github.com/redis/go-redis/v9"

	"switchyard/internal/redistest"
)

func TestABrakeHoldsItsUserUntilItIsReleased(t *testing.T) {
	redistest.Run(t, func(t *testing.T, client redis.UniversalClient) {
		b, ctx := NewBrake(client, "p:"), t.Context()
		change := func(user string, f func(string) (bool, error), want bool) {
			t.Helper()
			if changed, err := f(user); changed != want || err != nil {
				t.Errorf("%s: changed %v, %v; want %v", user, changed, err, want)
			}
		}
		pull := func(user string) (bool, error) { return b.Pull(ctx, user) }
		release := func(user string) (bool, error) { return b.Release(ctx, user) }
		wantHeld := func(want ...bool) {
			t.Helper()
			if held, err := b.Held(ctx, []string{"ada", "bob"}); err != nil || !slices.Equal(held, want) {
				t.Errorf("held %v, %v; want %v", held, err, want)
			}
		}
		wantHeld(false, false)
		change("ada", pull, true)
		change("ada", pull, false)
		wantHeld(true, false)
		change(Everyone, pull, true)
		wantHeld(true, true)
		change(Everyone, release, true)
		wantHeld(true, false)
		change("ada", release, true)
		change("ada", release, false)
		wantHeld(false, false)
		for _, id := range []string{"", "a*", "a:b", "a b"} {
			if _, err := b.Pull(ctx, id); err == nil {
				t.Errorf("a brake for %q was pulled", id)
			}
		}
	})
}
