package schedule

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"
	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"
	"go.uber.org/zap/zaptest/observer"

	"switchyard/test/redistest"
)

func TestFiveEnginesEnqueueEachTickOnce(t *testing.T) {
	redistest.Run(t, func(t *testing.T, client redis.UniversalClient) {
		store, queue := NewStore(client, prefix), newFakeQueue()
		const entries, missed = 40, 30
		cursors := map[string]time.Time{}
		for i := range entries {
			e := newEntry(fmt.Sprintf("e%02d", i), "@every 1s")
			e.CatchUp = All
			cursors[e.ID] = overdue(t, store, e, missed*time.Second)
		}
		var stops []func()
		for range 5 {
			stops = append(stops, start(t, store, queue, Options{Batch: 3, ClaimLease: time.Minute}))
		}
		// Those missed, and some that come due while the engines run.
		queue.await(t, func() bool { return len(queue.added) >= entries*(missed+1) })
		for _, stop := range stops {
			stop()
		}
		want := 0
		for id, tick := range cursors {
			books := get(t, store, id).Books
			if runs := int64(books.Last.Sub(tick)/time.Second) + 1; books.Runs != runs || !books.Next.Equal(books.Last.Add(time.Second)) {
				t.Errorf("books of %s: %+v, want %d runs and the next tick a second later", id, books, runs)
			}
			for ; tick.Before(books.Next); tick = tick.Add(time.Second) {
				want++
				if _, ok := queue.added[tickID(id, tick)]; !ok {
					t.Errorf("tick %s of %s was not enqueued", tick, id)
				}
			}
		}
		if len(queue.added) != want || queue.duplicates != 0 {
			t.Errorf("%d tasks and %d duplicates, want the %d ticks and no duplicate while nobody dies", len(queue.added), queue.duplicates, want)
		}
	})
}

func TestAnEngineThatDiesLeavesItsTicksToOthers(t *testing.T) {
	deaths := map[string]func(e *Engine, c claim) error{
		"between claim and enqueue": func(*Engine, claim) error { return nil },
		"between enqueue and commit": func(e *Engine, c claim) error {
			_, err := e.perform(context.Background(), c)
			return err
		},
	}
	for moment, die := range deaths {
		t.Run(moment, func(t *testing.T) {
			redistest.Run(t, func(t *testing.T, client redis.UniversalClient) {
				store, queue := NewStore(client, prefix), newFakeQueue()
				tick := overdue(t, store, newEntry("e1", "@daily"), 24*time.Hour)
				const lease = 50 * time.Millisecond
				b, err := store.claim(t.Context(), shardOf("e1"), 10, lease)
				if err != nil || len(b.due) != 1 {
					t.Fatalf("claimed %v, %v, want the one entry", b.due, err)
				}
				if err := die(NewEngine(store, queue, Options{}), b); err != nil {
					t.Fatal(err)
				}
				stop := start(t, store, queue, Options{})
				queue.await(t, func() bool { return len(queue.added)+queue.duplicates >= 1 })
				awaitBooks(t, store, "e1", func(b Books) bool { return b.Runs == 1 })
				stop()
				if _, ok := queue.added[tickID("e1", tick)]; !ok || len(queue.added) != 1 {
					t.Errorf("enqueued %v, want the one tick", queue.added)
				}
				if books := get(t, store, "e1").Books; !books.Last.Equal(tick) || !books.Next.Equal(tick.Add(24*time.Hour)) {
					t.Errorf("books are %+v, want them past the tick", books)
				}
			})
		})
	}
}

// awaitBooks returns once an entry's books are as wanted.
func awaitBooks(t *testing.T, store *Store, id string, done func(Books) bool) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	for {
		r, err := store.Get(ctx, id)
		if err != nil {
			t.Fatalf("the books never became what was awaited: %v", err)
		}
		if done(r.Books) {
			return
		}
	}
}

func TestPauseHoldsAndResumeCatchesUp(t *testing.T) {
	redistest.Run(t, func(t *testing.T, client redis.UniversalClient) {
		store, queue := NewStore(client, prefix), newFakeQueue()
		overdue(t, store, newEntry("held", "@hourly"), 3*time.Hour)
		if _, err := store.Pause(t.Context(), "held"); err != nil {
			t.Fatal(err)
		}
		client.ZAdd(t.Context(), store.dueKey(shardOf("held")), redis.Z{Score: 1, Member: "held"}) // by hand
		tick := overdue(t, store, newEntry("runs", "@daily"), 24*time.Hour)
		start(t, store, queue, Options{})
		queue.awaitTick(t, "runs", tick)
		if n := queue.count(); n != 1 {
			t.Errorf("%d ticks were enqueued while one entry is paused, want 1", n)
		}
		if _, err := store.Resume(t.Context(), "held"); err != nil {
			t.Fatal(err)
		}
		latest := time.Now().UTC().Truncate(time.Hour)
		queue.awaitTick(t, "held", latest)
		awaitBooks(t, store, "held", func(b Books) bool { return b.Runs == 1 && b.Next.Equal(latest.Add(time.Hour)) })
	})
}

func observed(level zapcore.Level) (*zap.Logger, *observer.ObservedLogs) {
	core, logs := observer.New(level)
	return zap.New(core), logs
}

func TestAStoppingEngineHandsBackItsClaim(t *testing.T) {
	redistest.Run(t, func(t *testing.T, client redis.UniversalClient) {
		store, queue := NewStore(client, prefix), newFakeQueue()
		tick := overdue(t, store, newEntry("e1", "@daily"), 24*time.Hour)
		entered := make(chan struct{})
		queue.before = func(ctx context.Context, _ string) error {
			close(entered)
			<-ctx.Done()
			return ctx.Err()
		}
		stop := start(t, store, queue, Options{ClaimLease: time.Hour})
		<-entered
		stop()
		queue.before = nil
		start(t, store, queue, Options{ClaimLease: time.Hour})
		queue.awaitTick(t, "e1", tick)
	})
}

// mirrorFunc is a Mirror of one function.
type mirrorFunc func([]Upcoming) error

func (f mirrorFunc) MirrorSchedule(_ context.Context, u []Upcoming) error { return f(u) }

func TestTheMirrorIsShownWhatIsDueNext(t *testing.T) {
	redistest.Run(t, func(t *testing.T, client redis.UniversalClient) {
		store := NewStore(client, prefix)
		put(t, store, newEntry("e1", "@daily"))
		shown := make(chan []Upcoming, 1)
		start(t, store, newFakeQueue(), Options{Mirror: mirrorFunc(func(u []Upcoming) error {
			select {
			case shown <- u:
			default:
			}
			return nil
		})})
		select {
		case u := <-shown:
			if len(u) != 1 || u[0].ID != "e1" || !u[0].Next.After(time.Now()) {
				t.Errorf("shown %+v, want the entry and its next tick", u)
			}
		case <-time.After(patience):
			t.Fatal("nothing was mirrored")
		}
	})
}
