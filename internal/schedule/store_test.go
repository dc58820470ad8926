package schedule

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"switchyard/internal/calendar"
	"switchyard/internal/tasks"
	"switchyard/test/redistest"
)

func TestPutKeepsTheBooksUnlessTheTimesChange(t *testing.T) {
	redistest.Run(t, func(t *testing.T, client redis.UniversalClient) {
		store := NewStore(client, prefix)
		e := newEntry("e1", "@daily")
		cursor := overdue(t, store, e, 48*time.Hour)

		if changed, err := store.Put(t.Context(), e); changed || err != nil {
			t.Errorf("the same entry again: changed %v, %v, want no change", changed, err)
		}
		e.Payload = []byte(`{ "url": "https://example.org" }`)
		if changed, err := store.Put(t.Context(), e); !changed || err != nil {
			t.Errorf("another payload: changed %v, %v, want a change", changed, err)
		}
		r := get(t, store, "e1")
		if !r.Books.Next.Equal(cursor) || string(r.Entry.Payload) != `{"url":"https://example.org"}` {
			t.Errorf("after another payload: %+v, want it with the cursor at %s", r, cursor)
		}
		e.Zone = "Asia/Tokyo"
		put(t, store, e)
		if next := get(t, store, "e1").Books.Next; !next.After(time.Now()) || next.Hour() != 15 {
			t.Errorf("after another zone: next is %s, want midnight in Tokyo to come", next)
		}
	})
}

func TestPutRefusesWhatWouldNeverRunOrTakesOver(t *testing.T) {
	redistest.Run(t, func(t *testing.T, client redis.UniversalClient) {
		store := NewStore(client, prefix)
		if _, err := store.Put(t.Context(), newEntry("e1", "at 2020-01-01T00:00:00Z")); said(fmt.Sprint(err)) != `entry e1: spec "at 2020-01-01T00:00:00Z" is not due any more, it is NOW now: give times to come, and see to start and end` {
			t.Errorf("a moment that passed: %v", err)
		}
		if _, err := store.Put(t.Context(), newEntry("e1", "61 * * * *")); fmt.Sprint(err) != `entry e1: spec "61 * * * *": minute "61" is not valid, "61" is none of its values: use 0-59, alone or as in 2,4 and 2-4, or * with a step as in */5` {
			t.Errorf("an entry that is not valid: %v", err)
		}
		if _, err := store.Get(t.Context(), "e1"); !errors.Is(err, ErrNotFound) {
			t.Errorf("Get = %v, want ErrNotFound", err)
		}
		put(t, store, newEntry("e1", "@daily"))
		other := newEntry("e1", "@hourly")
		other.Origin = OriginConfig
		if _, err := store.Put(t.Context(), other); !errors.Is(err, ErrTaken) {
			t.Errorf("an entry of another origin: %v, want ErrTaken", err)
		}
		if spec := get(t, store, "e1").Entry.Spec; spec != "@daily" {
			t.Errorf("the spec is %q, want the first", spec)
		}
	})
}

func TestPutsAtOnceLeaveOneWholeEntry(t *testing.T) {
	redistest.Run(t, func(t *testing.T, client redis.UniversalClient) {
		store := NewStore(client, prefix)
		var writers sync.WaitGroup
		for i := range 5 {
			writers.Go(func() {
				e := newEntry("e1", fmt.Sprintf("@every %dh", i+1))
				e.Owner = fmt.Sprint(i + 1)
				if _, err := store.Put(t.Context(), e); err != nil {
					t.Error(err)
				}
			})
		}
		writers.Wait()
		r := get(t, store, "e1")
		spec, _ := r.Entry.parse(calendar.NewBudget(t.Context()))
		if r.Entry.Spec != "@every "+r.Entry.Owner+"h" || !nextTick(t, spec, r.Books.Next.Add(-1)).Equal(r.Books.Next) {
			t.Errorf("got %+v, want one writer's entry with a tick of its own", r)
		}
		if n := dueCount(t, client, store); n != 1 {
			t.Errorf("%d entries are due, want 1", n)
		}
	})
}

func TestRemoveLeavesNothing(t *testing.T) {
	redistest.Run(t, func(t *testing.T, client redis.UniversalClient) {
		store := NewStore(client, prefix)
		e := newEntry("e1", "@daily")
		e.Origin = OriginConfig
		put(t, store, e)
		for _, want := range []bool{true, false} {
			if removed, err := store.Remove(t.Context(), "e1", OriginConfig); removed != want || err != nil {
				t.Errorf("Remove = %v, %v, want %v", removed, err, want)
			}
		}
		if n := client.DBSize(t.Context()).Val(); n != 0 {
			t.Errorf("%d keys were left behind", n)
		}
	})
}

func TestPauseOutlastsTheConfiguration(t *testing.T) {
	redistest.Run(t, func(t *testing.T, client redis.UniversalClient) {
		store := NewStore(client, prefix)
		e := newEntry("e1", "@daily")
		e.Origin = OriginConfig
		put(t, store, e)
		for _, want := range []bool{true, false} {
			if changed, err := store.Pause(t.Context(), "e1"); changed != want || err != nil {
				t.Errorf("Pause = %v, %v, want %v", changed, err, want)
			}
		}
		e.Queue = "scraping"
		if _, err := store.SyncConfig(t.Context(), Configuration{Owner: "blue", Entries: []Entry{e}}); err != nil {
			t.Fatal(err)
		}
		if r := get(t, store, "e1"); !r.Books.Paused || r.Entry.Queue != "scraping" || dueCount(t, client, store) != 0 {
			t.Errorf("after a change elsewhere in the entry: %+v, want it paused still", r)
		}
		if _, err := store.Resume(t.Context(), "e1"); err != nil {
			t.Fatal(err)
		}
		if n := dueCount(t, client, store); n != 1 {
			t.Errorf("after Resume %d entries are due, want 1", n)
		}
		e.Paused = true
		if _, err := store.SyncConfig(t.Context(), Configuration{Owner: "blue", Entries: []Entry{e}}); err != nil {
			t.Fatal(err)
		}
		if !get(t, store, "e1").Books.Paused {
			t.Error("the configuration says paused, and it is not")
		}
		if _, err := store.Pause(t.Context(), "nobody"); !errors.Is(err, ErrNotFound) {
			t.Errorf("Pause of no entry: %v, want ErrNotFound", err)
		}
	})
}

// fakeEnqueuer notes the IDs of tasks.
type fakeEnqueuer struct{ ids map[string]bool }

func (f *fakeEnqueuer) Enqueue(_ context.Context, args tasks.Args, o tasks.Options) (tasks.Receipt, error) {
	if f.ids == nil {
		f.ids = map[string]bool{}
	}
	f.ids[o.ID] = true
	return tasks.Receipt{ID: o.ID, Kind: args.Kind()}, nil
}

func TestRunNowLeavesTheScheduleAlone(t *testing.T) {
	redistest.Run(t, func(t *testing.T, client redis.UniversalClient) {
		store, queue := NewStore(client, prefix), &fakeEnqueuer{}
		put(t, store, newEntry("e1", "@daily"))
		before := get(t, store, "e1")
		for range 2 {
			if _, err := store.RunNow(t.Context(), "e1", queue); err != nil {
				t.Fatal(err)
			}
		}
		if len(queue.ids) != 2 {
			t.Errorf("%v were added, want 2 tasks", queue.ids)
		}
		if after := get(t, store, "e1"); after.Books != before.Books {
			t.Errorf("books are %+v, want %+v", after.Books, before.Books)
		}
		if _, err := store.RunNow(t.Context(), "nobody", queue); !errors.Is(err, ErrNotFound) {
			t.Errorf("RunNow of no entry: %v, want ErrNotFound", err)
		}
	})
}

func TestEachShardLivesInOneSlot(t *testing.T) {
	store := NewStore(nil, prefix)
	if key := store.dueKey(7); key != "switchyard:{schedule:7}:due" {
		t.Errorf("key is %s", key)
	}
}
