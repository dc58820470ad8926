package schedule

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"switchyard/internal/tasks"
	"switchyard/test/redistest"
)

func TestATickThatIsTakenElsewhereIsInNobodysWayWhileThatIsAway(t *testing.T) {
	redistest.Run(t, func(t *testing.T, client redis.UniversalClient) {
		store, queue, ticks := NewStore(client, prefix), newFakeQueue(), &recorder{}
		tick := overdue(t, store, newEntry("away", "@daily"), 24*time.Hour)
		here := overdue(t, store, newEntry("here", "@daily"), 24*time.Hour)
		queue.before = func(_ context.Context, id string) error {
			if strings.HasPrefix(id, "away@") {
				return fmt.Errorf("celery: %w", tasks.ErrElsewhere)
			}
			return nil
		}
		e := NewEngine(store, queue, Options{Observer: ticks})
		if err := workAll(t, e); err != nil {
			t.Errorf("the round has failed: %v", err)
		}
		if !queue.has(tickID("here", here)) || ticks.outcomes[Failed] != 1 {
			t.Errorf("added %v, observed %v", queue.added, ticks.outcomes)
		}
		if books := get(t, store, "away").Books; books.LastError != "celery: out of reach" || !books.Next.Equal(tick) || books.Runs != 0 {
			t.Errorf("books are %+v, want the error and the cursor at %s", books, tick)
		}
		queue.before = nil
		if err := workAll(t, e); err != nil || queue.count() != 1 {
			t.Errorf("%d ticks were enqueued, %v: one that is taken elsewhere is to be tried the later the longer it waits", queue.count(), err)
		}
		due(t, store, client, "away")
		if err := workAll(t, e); err != nil || !queue.has(tickID("away", tick)) {
			t.Errorf("added %v, %v, want the tick once it is taken", queue.added, err)
		}
	})
}

// due makes an entry due now.
func due(t *testing.T, store *Store, client redis.UniversalClient, id string) {
	t.Helper()
	if err := client.ZAdd(t.Context(), store.dueKey(shardOf(id)), redis.Z{Score: 1, Member: id}).Err(); err != nil {
		t.Fatal(err)
	}
}

func TestAnEntryIsHeldWhileNobodyCanTellWhetherItWouldOverlap(t *testing.T) {
	redistest.Run(t, func(t *testing.T, client redis.UniversalClient) {
		store, queue := NewStore(client, prefix), newFakeQueue()
		entry := newEntry("e1", "@hourly")
		entry.Overlap = Skip
		e := NewEngine(store, queue, Options{})
		overdue(t, store, entry, time.Hour)
		if err := workAll(t, e); err != nil {
			t.Fatal(err)
		}
		last := get(t, store, "e1").Books
		queue.states[last.LastTask] = tasks.StateUnknown
		queue.latest = map[string]time.Time{}
		setNext(t, store, "e1", last.Last.Add(-time.Second))
		for _, want := range []int64{0, 1} {
			if err := workAll(t, e); err != nil {
				t.Fatal(err)
			}
			if books := get(t, store, "e1").Books; books.Skipped != 0 || books.Runs-last.Runs != want {
				t.Errorf("books are %+v, want %d runs more and nothing skipped", books, want)
			}
			queue.states[last.LastTask] = tasks.StateSucceeded
			due(t, store, client, "e1")
		}
	})
}
