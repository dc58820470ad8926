package schedule

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"switchyard/internal/tasks"
	"switchyard/test/redistest"
)

// brakes are the users whose brake is on.
type brakes map[string]bool

func (b brakes) On(_ context.Context, users []string) ([]bool, error) {
	if b["redis is away"] {
		return nil, errors.New("away")
	}
	held := make([]bool, len(users))
	for i, user := range users {
		held[i] = b[user]
	}
	return held, nil
}

// workAll works once on every shard.
func workAll(t *testing.T, e *Engine) error {
	t.Helper()
	var errs []error
	for shard := range shards {
		errs = append(errs, e.work(t.Context(), shard))
	}
	return errors.Join(errs...)
}

func TestTheBrakeHoldsItsUsersEntriesAndTheCatchUpPolicyDecidesAfterwards(t *testing.T) {
	redistest.Run(t, func(t *testing.T, client redis.UniversalClient) {
		store, queue := NewStore(client, prefix), newFakeQueue()
		held, free := newEntry("held", "@hourly"), newEntry("free", "@hourly")
		held.Owner, held.CatchUp, free.Owner = "ada", All, "bob"
		first := overdue(t, store, held, 3*time.Hour)
		latest := overdue(t, store, free, time.Hour)
		brake := brakes{"ada": true}
		e := NewEngine(store, queue, Options{Brake: brake})
		if err := workAll(t, e); err != nil {
			t.Fatal(err)
		}
		if _, ok := queue.added[tickID("free", latest)]; !ok || queue.count() != 1 {
			t.Errorf("enqueued %v, want the tick of the other user", queue.added)
		}
		r := get(t, store, "held")
		due, wait, err := store.dueShards(t.Context(), time.Hour)
		if !r.Books.Next.Equal(first) || len(due) != 0 || err != nil || wait > maxHold {
			t.Errorf("held: %+v, due %v in %s, %v; want the tick kept, and looked at again soon", r.Books, due, wait, err)
		}
		brake["ada"] = false
		overdue(t, store, held, 3*time.Hour) // it is looked at again
		if err := workAll(t, e); err != nil {
			t.Fatal(err)
		}
		if r := get(t, store, "held"); r.Books.Runs != 3 || queue.count() != 4 {
			t.Errorf("after the brake: %+v, %d tasks, want all three ticks", r.Books, queue.count())
		}
	})
}

func TestNoTickLeavesWhileTheBrakesCannotBeAsked(t *testing.T) {
	redistest.Run(t, func(t *testing.T, client redis.UniversalClient) {
		store, queue := NewStore(client, prefix), newFakeQueue()
		owned := newEntry("owned", "@hourly")
		owned.Owner = "ada"
		tick := overdue(t, store, owned, time.Hour)
		if err := workAll(t, NewEngine(store, queue, Options{Brake: brakes{"redis is away": true}})); fmt.Sprint(err) != "ask for brakes: away" {
			t.Errorf("work = %v, want what the brakes say", err)
		}
		if r := get(t, store, "owned"); queue.count() != 0 || !r.Books.Next.Equal(tick) {
			t.Errorf("%d tasks, books %+v; want nothing enqueued and the tick kept", queue.count(), r.Books)
		}
	})
}

func TestSkipDropsATickWhileTheLastTaskIsNotDone(t *testing.T) {
	redistest.Run(t, func(t *testing.T, client redis.UniversalClient) {
		for state, done := range map[tasks.State]bool{
			"waiting": false, "running": false, "scheduled": false, "held": false, "retrying": false, "parked": false, "broken": false,
			"succeeded": true, "failed": true, "cancelled": true, "expired": true, "": true,
		} {
			store, queue, ticks := NewStore(client, prefix+string(state)+":"), newFakeQueue(), &recorder{}
			entry := newEntry("e1", "@hourly")
			entry.Overlap, entry.CatchUp = Skip, All
			e := NewEngine(store, queue, Options{Observer: ticks})
			overdue(t, store, entry, 5*time.Hour)
			if err := workAll(t, e); err != nil {
				t.Fatal(err)
			}
			r := get(t, store, "e1")
			if r.Books.Runs != 1 || queue.count() != 1 {
				t.Errorf("%q: of five missed ticks %d were enqueued, want one: the others would overlap", state, queue.count())
			}
			queue.states[r.Books.LastTask] = state
			setNext(t, store, "e1", r.Books.Last.Add(-time.Second)) // as if the next one were due
			queue.latest = map[string]time.Time{}
			if err := workAll(t, e); err != nil {
				t.Fatal(err)
			}
			r = get(t, store, "e1")
			if skipped := r.Books.Skipped == 1 && ticks.outcomes[Skipped] == 1 && r.Books.Runs == 1; skipped == done {
				t.Errorf("last task %q: books %+v, observed %v; want the tick enqueued: %v", state, r.Books, ticks.outcomes, done)
			}
			if !r.Books.Next.After(time.Now()) {
				t.Errorf("last task %q: the next tick is %s, want one to come", state, r.Books.Next)
			}
		}
	})
}
