package schedule

import (
	"context"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"
	"go.uber.org/zap"

	"switchyard/internal/tasks"
	"switchyard/test/redistest"
)

func TestAChangeWhileATickIsEnqueuedStands(t *testing.T) {
	changed := newEntry("e1", "@every 2h")
	changes := map[string]struct {
		make  func(ctx context.Context, store *Store) error
		check func(r Record, err error) bool
	}{
		"removed": {
			func(ctx context.Context, store *Store) error {
				_, err := store.Remove(ctx, "e1", OriginAPI)
				return err
			},
			func(_ Record, err error) bool { return err != nil },
		},
		"changed": {
			func(ctx context.Context, store *Store) error { _, err := store.Put(ctx, changed); return err },
			func(r Record, err error) bool {
				return err == nil && r.Entry.Spec == changed.Spec && r.Books.Next.Hour()%2 == 0 && r.Books.Runs == 0
			},
		},
		"paused": {
			func(ctx context.Context, store *Store) error { _, err := store.Pause(ctx, "e1"); return err },
			func(r Record, err error) bool { return err == nil && r.Books.Paused && r.Books.Runs == 0 },
		},
	}
	for name, change := range changes {
		t.Run(name, func(t *testing.T) {
			redistest.Run(t, func(t *testing.T, client redis.UniversalClient) {
				store, queue := NewStore(client, prefix), newFakeQueue()
				overdue(t, store, newEntry("e1", "@hourly"), time.Hour)
				queue.before = func(ctx context.Context, _ string) error { return change.make(ctx, store) }
				if err := NewEngine(store, queue, Options{}).work(t.Context(), shardOf("e1")); err != nil {
					t.Fatal(err)
				}
				if r, err := store.Get(t.Context(), "e1"); queue.count() != 1 || !change.check(r, err) {
					t.Errorf("after the commit: %+v, %v, want the change to stand", r, err)
				}
				if due, want := dueCount(t, client, store), map[string]int{"changed": 1}[name]; due != want {
					t.Errorf("%d entries are due, want %d", due, want)
				}
			})
		})
	}
}

func TestAnEngineThatOversleptItsClaimLeavesTheTickToOthers(t *testing.T) {
	redistest.Run(t, func(t *testing.T, client redis.UniversalClient) {
		store, queue := NewStore(client, prefix), newFakeQueue()
		tick := overdue(t, store, newEntry("e1", "@daily"), 24*time.Hour)
		queue.before = func(context.Context, string) error { return tasks.ErrTooLate }
		logger, logs := observed(zap.WarnLevel)
		if err := NewEngine(store, queue, Options{Logger: logger}).work(t.Context(), shardOf("e1")); err != nil {
			t.Fatal(err)
		}
		if books := get(t, store, "e1").Books; !books.Next.Equal(tick) || books.LastError != "" || logs.Len() != 1 {
			t.Errorf("books are %+v, logged %v, want them as they were and one line", books, logs.All())
		}
	})
}

func TestAFailureIsRecordedAndTriedAgain(t *testing.T) {
	redistest.Run(t, func(t *testing.T, client redis.UniversalClient) {
		store, queue := NewStore(client, prefix), newFakeQueue()
		tick := overdue(t, store, newEntry("e1", "@daily"), 24*time.Hour)
		e := NewEngine(store, queue, Options{ClaimLease: time.Minute})
		queue.before = func(context.Context, string) error { return fmt.Errorf("no room") }
		if err := e.work(t.Context(), shardOf("e1")); fmt.Sprint(err) != "entry e1: no room" {
			t.Errorf("work = %v, want the failure", err)
		}
		if books := get(t, store, "e1").Books; books.LastError != "no room" || !books.Next.Equal(tick) {
			t.Errorf("books are %+v, want the error and the cursor at %s", books, tick)
		}
		queue.before = nil
		overdue(t, store, newEntry("e1", "@daily"), 24*time.Hour) // the claim lapses
		if err := e.work(t.Context(), shardOf("e1")); err != nil {
			t.Fatal(err)
		}
		if books := get(t, store, "e1").Books; books.LastError != "" || !books.Last.Equal(tick) || books.LastTask != tickID("e1", tick) {
			t.Errorf("books are %+v, want the tick and no error", books)
		}
	})
}

func TestARefusedTickIsSkippedAndRecorded(t *testing.T) {
	redistest.Run(t, func(t *testing.T, client redis.UniversalClient) {
		store, queue := NewStore(client, prefix), newFakeQueue()
		e := newEntry("e1", "@hourly")
		e.CatchUp = All
		overdue(t, store, e, 5*time.Hour)
		queue.before = func(context.Context, string) error { return tasks.Permanent(fmt.Errorf("kind has no handler")) }
		ticks := &recorder{}
		if err := NewEngine(store, queue, Options{Observer: ticks}).work(t.Context(), shardOf("e1")); err != nil {
			t.Fatal(err)
		}
		books := get(t, store, "e1").Books
		if books.LastError != "kind has no handler" || books.Runs != 0 || !books.Next.After(time.Now().Add(-time.Minute)) {
			t.Errorf("books are %+v, want the error and a tick to come", books)
		}
		if ticks.outcomes[Refused] != 1 {
			t.Errorf("observed %v, want one refusal", ticks.outcomes)
		}
	})
}

// recorder counts ticks by outcome.
type recorder struct {
	mu       sync.Mutex
	outcomes map[Outcome]int
	worst    time.Duration
	broken   int
	rounds   chan error // nil: nobody waits
}

func (r *recorder) ObserveRound(err error) {
	select {
	case r.rounds <- err:
	default:
	}
}

func (r *recorder) ObserveBroken() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.broken++
}

func (r *recorder) ObserveTick(_ string, outcome Outcome, lag time.Duration) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.outcomes == nil {
		r.outcomes = map[Outcome]int{}
	}
	r.outcomes[outcome]++
	r.worst = max(r.worst, lag)
}

func TestTheObserverIsToldTheLag(t *testing.T) {
	redistest.Run(t, func(t *testing.T, client redis.UniversalClient) {
		store, queue, ticks := NewStore(client, prefix), newFakeQueue(), &recorder{}
		overdue(t, store, newEntry("e1", "at "+time.Now().UTC().Add(time.Hour).Format(time.RFC3339)), 0)
		tick := overdue(t, store, newEntry("e2", "@daily"), 24*time.Hour)
		e := NewEngine(store, queue, Options{Observer: ticks})
		for shard := range shards {
			if err := e.work(t.Context(), shard); err != nil {
				t.Fatal(err)
			}
		}
		if late := time.Since(tick); ticks.outcomes[Enqueued] != 1 || ticks.worst < late-time.Minute || ticks.worst > late+time.Minute {
			t.Errorf("observed %v up to %s late, want one about %s late", ticks.outcomes, ticks.worst, late)
		}
	})
}

func TestAnEntryBrokenByHandIsInNobodysWay(t *testing.T) {
	redistest.Run(t, func(t *testing.T, client redis.UniversalClient) {
		store, queue := NewStore(client, prefix), newFakeQueue()
		logger, logs := observed(zap.ErrorLevel)
		for _, id := range []string{"vanished", "garbled", "bookless", "odd"} {
			overdue(t, store, newEntry(id, "@hourly"), 2*time.Hour)
		}
		client.HDel(t.Context(), store.entriesKey(shardOf("vanished")), "vanished")
		client.HSet(t.Context(), store.entriesKey(shardOf("garbled")), "garbled", "{")
		client.HDel(t.Context(), store.booksKey(shardOf("bookless")), "bookless")
		client.HSet(t.Context(), store.entriesKey(shardOf("odd")), "odd", `{"id":"odd","spec":"@someday"}`)
		tick := overdue(t, store, newEntry("good", "@daily"), 24*time.Hour)
		ticks := &recorder{}
		e := NewEngine(store, queue, Options{Logger: logger, Observer: ticks})
		for shard := range shards {
			if err := e.work(t.Context(), shard); err != nil {
				t.Fatal(err)
			}
		}
		if _, ok := queue.added[tickID("good", tick)]; !ok || queue.count() != 1 {
			t.Errorf("enqueued %v, want the good entry's tick", queue.added)
		}
		if n := logs.Len(); n != 4 || ticks.broken != 4 {
			t.Errorf("logged %d errors, counted %d, want one for each broken entry: %v", n, ticks.broken, logs.All())
		}
		if due, _, err := store.dueShards(t.Context(), time.Second); err != nil || len(due) != 0 {
			t.Errorf("due still: %v, %v", due, err)
		}
		if books := get(t, store, "bookless").Books; !books.Next.After(time.Now().Add(-time.Minute)) || books.LastError == "" {
			t.Errorf("books of an entry that lost them: %+v, want a tick to come and the loss named", books)
		}
		if _, err := store.Put(t.Context(), newEntry("garbled", "@hourly")); err != nil {
			t.Errorf("Put over a garbled entry: %v", err)
		}
	})
}
