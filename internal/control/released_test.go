package control

import (
	"context"
	"sync"
	"testing"

	"github.com/redis/go-redis/v9"

	"switchyard/internal/cache"
	"switchyard/test/redistest"
)

func TestReleasesThatMayHaveBeenMissedAreThoseOfEveryone(t *testing.T) {
	redistest.Run(t, func(t *testing.T, client redis.UniversalClient) {
		ctx, cancel := context.WithCancel(t.Context())
		told := make(chan string)
		var running sync.WaitGroup
		defer running.Wait()
		defer cancel()
		running.Go(func() {
			NewReleases(cache.NewPatternListener(client, "agent:resume:*")).Released(ctx, func(user string) {
				select {
				case told <- user:
				case <-ctx.Done():
				}
			})
		})
		if user := <-told; user != Everyone { // what was released before it listened
			t.Errorf("told of %q at first, want everyone", user)
		}
		for _, user := range []string{"user:1", Everyone} {
			go client.Publish(ctx, "agent:resume:"+user, "")
			if got := <-told; got != user {
				t.Errorf("told of %q, want %q", got, user)
			}
		}
	})
}
