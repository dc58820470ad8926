package hosts

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"
	"go.uber.org/goleak"

	"switchyard/test/redistest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// on runs a test on every Redis, with turns of its own.
func on(t *testing.T, test func(t *testing.T, turns *Turns)) {
	t.Helper()
	redistest.Run(t, func(t *testing.T, client redis.UniversalClient) {
		test(t, NewTurns(client, "switchyard:", time.Minute))
	})
}

// take returns the turn of a task that has one at once.
func take(t *testing.T, turns *Turns, host Host, task string) *Turn {
	t.Helper()
	turn, err := turns.Enter(t.Context(), host, task)
	if err != nil {
		t.Fatalf("%s has no turn: %v", task, err)
	}
	return turn
}

// wait returns what a task is told that has to wait.
func wait(t *testing.T, turns *Turns, host Host, task string) *BusyError {
	t.Helper()
	_, err := turns.Enter(t.Context(), host, task)
	var busy *BusyError
	if !errors.As(err, &busy) {
		t.Fatalf("%s: error %v, want that the host is busy", task, err)
	}
	return busy
}

// come enters as often as it is told to, when it is told to, and returns how often that was.
func come(ctx context.Context, turns *Turns, host Host, task string) (*Turn, int, error) {
	for times := 1; ; times++ {
		turn, err := turns.Enter(ctx, host, task)
		var busy *BusyError
		if !errors.As(err, &busy) {
			return turn, times, err
		}
		select {
		case <-time.After(busy.Wait):
		case <-ctx.Done():
			return nil, times, context.Cause(ctx)
		}
	}
}

func leave(t *testing.T, turn *Turn) {
	t.Helper()
	if err := turn.Leave(t.Context(), Visit{Answered: true, Delay: -1}); err != nil {
		t.Fatal(err)
	}
}
