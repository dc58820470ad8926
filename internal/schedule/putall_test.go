package schedule

import (
	"errors"
	"fmt"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"switchyard/internal/tasks"
	"switchyard/test/redistest"
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
		changed, err := store.PutAll(t.Context(), many(n, "@daily"), PutOptions{Progress: func(done int) {
			if done <= last {
				t.Errorf("progress went from %d to %d", last, done)
			}
			last = done
		}})
		if err != nil || changed != n || last != n || dueCount(t, client, store) != n {
			t.Errorf("changed %d, %v, progress %d, %d due; want %d", changed, err, last, dueCount(t, client, store), n)
		}
		entries := many(n, "@daily")
		entries[7].Zone = "Asia/Tokyo"
		if changed, err = store.PutAll(t.Context(), entries, PutOptions{}); changed != 1 || err != nil {
			t.Errorf("changed %d, %v; want the one that differs", changed, err)
		}
		if r := get(t, store, entries[7].ID); r.Books.Next.Hour() != 15 {
			t.Errorf("next is %s, want midnight in Tokyo", r.Books.Next)
		}
	})
}

// refusals returns the IDs and texts of what a PutAll refused, sorted.
func refusals(t *testing.T, err error) (ids []string, texts string) {
	t.Helper()
	joined, ok := err.(interface{ Unwrap() []error }) //nolint:errorlint // of PutAll only
	if !ok {
		t.Fatalf("error %v, want several", err)
	}
	for _, one := range joined.Unwrap() {
		var refused *RefusedError
		if !errors.As(one, &refused) {
			t.Fatalf("error %v is no refusal", one)
		}
		ids = append(ids, refused.ID)
		texts += refused.Error() + "\n"
	}
	slices.Sort(ids)
	return ids, texts
}

func TestPutAllWritesAllOrNothingUnlessItIsToKeepGoing(t *testing.T) {
	const wantTexts = `entry e0000: spec "61 * * * *": minute "61" is not valid, "61" is none of its values: use 0-59, alone or as in 2,4 and 2-4, or * with a step as in */5
entry e0002: kind "No Kind": use lower-case letters, digits and underscores, starting with a letter
entry e0005 is given 2 times: keep one of them
entry e0001 is from another place, a user's preferences: change it there, or choose another id
entry e0003: spec "at 2020-01-01T00:00:00Z" is not due any more, it is NOW now: give times to come, and see to start and end
`
	redistest.Run(t, func(t *testing.T, client redis.UniversalClient) {
		store := NewStore(client, prefix)
		other := newEntry("e0001", "@hourly")
		other.Origin = OriginUser
		put(t, store, other)
		entries := append(many(9, "@daily"), newEntry("e0005", "@hourly"))
		entries[0].Spec, entries[2].Kind, entries[3].Spec = "61 * * * *", "No Kind", "at 2020-01-01T00:00:00Z"
		for name, o := range map[string]PutOptions{"all or nothing": {}, "dry run": {DryRun: true, KeepGoing: true}, "keep going": {KeepGoing: true}} {
			changed, err := store.PutAll(t.Context(), entries, o)
			ids, texts := refusals(t, err)
			if want := []string{"e0000", "e0001", "e0002", "e0003", "e0005"}; !slices.Equal(ids, want) || !errors.Is(err, ErrTaken) {
				t.Errorf("%s: refused %v, want %v, one of them taken", name, ids, want)
			}
			if texts := said(texts); texts != wantTexts {
				t.Errorf("%s:\n got %s\nwant %s", name, texts, wantTexts)
			}
			want, written := 0, 1
			if o.KeepGoing {
				want = 4
			}
			if o.KeepGoing && !o.DryRun {
				written = 5
			}
			if n := len(listed(t, store, Filter{})); changed != want || n != written {
				t.Errorf("%s: changed %d, and %d entries are there; want %d and %d", name, changed, n, want, written)
			}
			for _, e := range many(9, "") {
				if e.ID != "e0001" {
					_, _ = store.Remove(t.Context(), e.ID, OriginAPI)
				}
			}
		}
	})
}

func TestAnEntryGoesOnWhereItStoodElsewhere(t *testing.T) {
	redistest.Run(t, func(t *testing.T, client redis.UniversalClient) {
		store := NewStore(client, prefix)
		now := client.Time(t.Context()).Val().UTC()
		last := now.Truncate(time.Hour).Add(-5 * time.Hour)
		e := newEntry("e1", "@hourly")
		want := func(step string, last time.Time, next time.Time, changed, changes int, err error) {
			t.Helper()
			r := get(t, store, "e1")
			if err != nil || changed != changes || !r.Books.Last.Equal(last) || !r.Books.Next.Equal(next) {
				t.Errorf("%s: changed %d, %v, books %+v; want %d, last %s, next %s", step, changed, err, r.Books, changes, last, next)
			}
		}
		at := func(last time.Time) PutOptions { return PutOptions{Last: map[string]time.Time{"e1": last}} }
		changed, err := store.PutAll(t.Context(), []Entry{e}, at(last.Add(300*time.Millisecond)))
		want("new", last, last.Add(time.Hour), changed, 1, err)
		changed, err = store.PutAll(t.Context(), []Entry{e}, at(last.Add(300*time.Millisecond)))
		want("again", last, last.Add(time.Hour), changed, 0, err)
		changed, err = store.PutAll(t.Context(), []Entry{e}, at(last.Add(2*time.Hour)))
		want("further", last.Add(2*time.Hour), last.Add(3*time.Hour), changed, 1, err)
		changed, err = store.PutAll(t.Context(), []Entry{e}, at(last))
		want("back", last.Add(2*time.Hour), last.Add(3*time.Hour), changed, 0, err)
		changed, err = store.PutAll(t.Context(), []Entry{e}, PutOptions{})
		want("without", last.Add(2*time.Hour), last.Add(3*time.Hour), changed, 0, err)
		queue := newFakeQueue()
		if err := workAll(t, NewEngine(store, queue, Options{})); err != nil {
			t.Fatal(err)
		}
		if latest := get(t, store, "e1").Books.Last; !queue.has(tickID("e1", latest)) || queue.count() != 1 || now.Sub(latest) > time.Hour {
			t.Errorf("enqueued %v, want the latest of those missed", queue.added)
		}
		for _, bad := range []time.Time{now.Add(24 * time.Hour), now.AddDate(1000, 0, 0)} {
			_, err = store.PutAll(t.Context(), []Entry{e}, at(bad))
			if want := "entry e1: last tick " + bad.Format(time.RFC3339) + " is still to come, it is NOW now: give one that was enqueued"; said(fmt.Sprint(err)) != want {
				t.Errorf("\n got %v\nwant %s", err, want)
			}
		}
		e.ID, e.Spec = "e2", "at "+last.Format(time.RFC3339)
		over := "entry e2: spec \"" + e.Spec + "\" is not due any more, it is NOW now: give times to come, and see to start and end"
		for _, test := range []struct {
			from time.Time
			want string
		}{{last, over}, {last.Add(-time.Second), "<nil>"}, {last, over}} {
			if _, err := store.PutAll(t.Context(), []Entry{e}, PutOptions{Last: map[string]time.Time{"e2": test.from}}); said(fmt.Sprint(err)) != test.want {
				t.Errorf("a moment that was dealt with up to %s:\n got %v\nwant %s", test.from, err, test.want)
			}
		}
	})
}

// TestATickThatWasDroppedStaysDropped has an entry that has left ticks behind when it is said
// to have gone on elsewhere, but not as far.
func TestATickThatWasDroppedStaysDropped(t *testing.T) {
	redistest.Run(t, func(t *testing.T, client redis.UniversalClient) {
		store := NewStore(client, prefix)
		first := overdue(t, store, newEntry("e1", "@hourly"), 5*time.Hour)
		r := get(t, store, "e1")
		r.Books.Last, r.Books.Next = first, first.Add(3*time.Hour)
		rewriteBooks(t, store, "e1", r.Books)
		last := first.Add(time.Hour)
		changed, err := store.PutAll(t.Context(), []Entry{r.Entry}, PutOptions{Last: map[string]time.Time{"e1": last}})
		if books := get(t, store, "e1").Books; changed != 1 || err != nil || !books.Last.Equal(last) || !books.Next.Equal(first.Add(3*time.Hour)) {
			t.Errorf("changed %d, %v, books %+v; want the last tick noted and the next one kept", changed, err, books)
		}
	})
}

func TestAnEntryChangedBetweenCheckAndWriteIsDecidedAnew(t *testing.T) {
	redistest.Run(t, func(t *testing.T, client redis.UniversalClient) {
		store := NewStore(client, prefix)
		entries := many(3, "@daily")
		plans, refused, err := store.decideAll(t.Context(), entries, nil)
		if err != nil || len(refused) > 0 {
			t.Fatal(refused, err)
		}
		taker, changer := newEntry("e0000", "@hourly"), newEntry("e0001", "@hourly")
		taker.Origin = OriginUser
		put(t, store, taker)
		put(t, store, changer)
		changed := 0
		var late []error
		for shard, some := range plans {
			n, bad, err := store.carryOut(t.Context(), shard, some)
			if err != nil {
				t.Fatal(err)
			}
			changed, late = changed+n, append(late, bad...)
		}
		if changed != 2 || len(late) != 1 || !errors.Is(late[0], ErrTaken) {
			t.Errorf("changed %d, refused %v; want two, and the one that was taken meanwhile refused", changed, late)
		}
		if spec := get(t, store, "e0001").Entry.Spec; spec != "@daily" {
			t.Errorf("the spec is %s, want the one that was put last", spec)
		}
	})
}

func TestPutAllsAtOnceLoseNothing(t *testing.T) {
	redistest.Run(t, func(t *testing.T, client redis.UniversalClient) {
		store := NewStore(client, prefix)
		var writers sync.WaitGroup
		for i := range 4 {
			writers.Go(func() {
				if _, err := store.PutAll(t.Context(), many(500, fmt.Sprintf("@every %dh", i+1)), PutOptions{}); err != nil {
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
