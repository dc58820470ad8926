package mailbox

import (
	"slices"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"switchyard/test/redistest"
)

func TestWhoAsksGetsTheAnswersOfAllNodesAndLeavesNothing(t *testing.T) {
	redistest.Single(t, func(t *testing.T, client redis.UniversalClient) {
		r := run(t, client)
		before := client.Keys(t.Context(), "*").Val()
		said, err := Ask(t.Context(), r.broker, "ping", time.Minute)
		if err != nil || len(said) != 1 || string(said[name]) != `{"ok":"pong"}` {
			t.Errorf("asked: %s, %v", said, err)
		}
		if after := client.Keys(t.Context(), "*").Val(); !slices.Equal(before, after) {
			t.Errorf("keys %q, before %q", after, before)
		}
		r.stop()
		if said, err := Ask(t.Context(), r.broker, "ping", time.Minute); err != nil || len(said) != 0 {
			t.Errorf("asked where nobody is: %s, %v", said, err)
		}
	})
}
