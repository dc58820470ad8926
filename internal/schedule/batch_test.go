package schedule

import (
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"switchyard/internal/redistest"
	"switchyard/internal/tasks"
)

// many returns n entries.
func many(n int, spec string) []Entry {
	entries := make([]Entry, n)
	for i := range entries {
		entries[i] = newEntry(fmt.Sprintf("e%04d", i), spec)
	}
	return entries
}

func TestPutAllPutsEachAndTellsItsProgress(t *testing.T) {
	redistest.Run(t, func(t *testing.T, client redis.UniversalClient) {
		store := NewStore(client, prefix)
		const n = 9_000 // more than one write for each shard
		last := 0
		changed, err := store.PutAll(t.Context(), many(n, "@daily"), func(done int) {
			if done <= last {
				t.Errorf("progress went from %d to %d", last, done)
			}
			last = done
		})
		if err != nil || changed != n || last != n || dueCount(t, client, store) != n {
			t.Errorf("changed %d, %v, progress %d, %d due; want %d", changed, err, last, dueCount(t, client, store), n)
		}
		entries := many(n, "@daily")
		entries[7].Zone = "Asia/Tokyo"
		if changed, err = store.PutAll(t.Context(), entries, nil); changed != 1 || err != nil {
			t.Errorf("changed %d, %v; want the one that differs", changed, err)
		}
		if r := get(t, store, entries[7].ID); r.Books.Next.Hour() != 15 {
			t.Errorf("next is %s, want midnight in Tokyo", r.Books.Next)
		}
	})
}

func TestPutAllWritesNothingIfOneIsBadAndNamesEachThatIsTaken(t *testing.T) {
	redistest.Run(t, func(t *testing.T, client redis.UniversalClient) {
		store := NewStore(client, prefix)
		bad := many(3, "@daily")
		bad[0].Spec, bad[2].Kind = "61 * * * *", "No Kind"
		_, err := store.PutAll(t.Context(), bad, nil)
		for _, want := range []string{"e0000", "61", "e0002", "No Kind"} {
			if err == nil || !strings.Contains(err.Error(), want) {
				t.Errorf("error %v lacks %s", err, want)
			}
		}
		if _, err := store.PutAll(t.Context(), append(many(2, "@daily"), many(1, "@hourly")...), nil); err == nil {
			t.Error("an entry given twice was put")
		}
		if n := client.DBSize(t.Context()).Val(); n != 0 {
			t.Errorf("%d keys were written", n)
		}
		other := newEntry("e0001", "@hourly")
		other.Origin = OriginUser
		put(t, store, other)
		changed, err := store.PutAll(t.Context(), many(3, "@daily"), nil)
		if changed != 2 || !errors.Is(err, ErrTaken) || !strings.Contains(err.Error(), "e0001") {
			t.Errorf("changed %d, %v; want two, and the third named as taken", changed, err)
		}
	})
}

func TestPutAllsAtOnceLoseNothing(t *testing.T) {
	redistest.Run(t, func(t *testing.T, client redis.UniversalClient) {
		store := NewStore(client, prefix)
		var writers sync.WaitGroup
		for i := range 4 {
			writers.Go(func() {
				if _, err := store.PutAll(t.Context(), many(500, fmt.Sprintf("@every %dh", i+1)), nil); err != nil {
					t.Error(err)
				}
			})
		}
		writers.Wait()
		if n := dueCount(t, client, store); n != 500 {
			t.Errorf("%d entries are due, want 500", n)
		}
		for _, e := range many(500, "") {
			if r := get(t, store, e.ID); r.Books.Revision < 1 || r.Books.Next.IsZero() {
				t.Fatalf("%+v is not whole", r)
			}
		}
	})
}

func TestOfTwoWhoAddTheSameEntryOneIsTold(t *testing.T) {
	redistest.Run(t, func(t *testing.T, client redis.UniversalClient) {
		store := NewStore(client, prefix)
		errs := make(chan error, 2)
		for _, spec := range []string{"@daily", "@hourly"} {
			go func() { errs <- store.Add(t.Context(), newEntry("e1", spec)) }()
		}
		first, second := <-errs, <-errs
		if first == nil {
			first, second = second, first
		}
		if !errors.Is(first, ErrExists) || second != nil {
			t.Errorf("errors %v and %v, want ErrExists once", first, second)
		}
	})
}

func TestAChangedEntryDoesNotRepeatATickItHadAlready(t *testing.T) {
	redistest.Run(t, func(t *testing.T, client redis.UniversalClient) {
		store := NewStore(client, prefix)
		soon := time.Now().Add(2 * time.Hour).UTC().Truncate(time.Minute)
		e := newEntry("e1", fmt.Sprintf("%d %d * * *", soon.Minute(), soon.Hour()))
		put(t, store, e)
		r := get(t, store, "e1")
		r.Books.Last = r.Books.Next // enqueued ahead of its time, as spread may have it
		rewriteBooks(t, store, "e1", r.Books)
		e.Spec = fmt.Sprintf("%d %d,%d * * *", soon.Minute(), soon.Hour(), soon.Add(time.Hour).Hour())
		put(t, store, e)
		if next := get(t, store, "e1").Books.Next; !next.Equal(soon.Add(time.Hour)) {
			t.Errorf("the next tick is %s, want %s, after the one that was enqueued", next, soon.Add(time.Hour))
		}
	})
}

func TestTicksAreSettledOnceTheScheduleHasLeftThemBehind(t *testing.T) {
	redistest.Run(t, func(t *testing.T, client redis.UniversalClient) {
		store := NewStore(client, prefix)
		open := overdue(t, store, newEntry("open", "@hourly"), time.Hour)
		next := get(t, store, "open").Books.Next
		put(t, store, newEntry("done", "@hourly"))
		settled, err := store.settled(t.Context(), []tasks.Tick{
			{Entry: "open", At: open}, {Entry: "open", At: next.Add(-time.Hour)},
			{Entry: "done", At: open}, {Entry: "gone", At: open},
		})
		got := map[string]int{}
		for _, tick := range settled {
			got[tick.Entry]++
		}
		if err != nil || got["open"] != 1 || got["done"] != 1 || got["gone"] != 1 {
			t.Errorf("settled %v, %v; want all but the tick that is next", settled, err)
		}
	})
}
