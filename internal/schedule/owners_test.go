package schedule

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"switchyard/test/redistest"
)

// owned returns an entry of an owner.
func owned(id, owner string) Entry {
	e := newEntry(id, "@daily")
	e.Owner = owner
	return e
}

// checkIndex reports where the index of owners is not what the entries say.
func checkIndex(t *testing.T, client redis.UniversalClient, store *Store) {
	t.Helper()
	for shard := range shards {
		var want []string
		for id, entry := range client.HGetAll(t.Context(), store.entriesKey(shard)).Val() {
			want = append(want, ownerMember(stored{id: id, entry: entry}.owner(), id))
		}
		slices.Sort(want)
		if got := client.ZRange(t.Context(), store.ownersKey(shard), 0, -1).Val(); !slices.Equal(got, want) {
			t.Errorf("index of shard %d is %q, want %q", shard, got, want)
		}
	}
}

func TestAnOwnersEntriesAreListedByIDPageByPage(t *testing.T) {
	redistest.Run(t, func(t *testing.T, client redis.UniversalClient) {
		store := NewStore(client, prefix)
		var want []string
		for i := range 60 {
			// Of these owners each one's name begins as the one's before.
			e := owned(fmt.Sprintf("e%02d", i), []string{"a", "a.", "ab"}[i%3])
			put(t, store, e)
			if i%3 == 1 {
				want = append(want, e.ID)
			}
		}
		var got []string
		pages := 0
		for start := ""; pages == 0 || start != ""; pages++ {
			page, next, err := store.List(t.Context(), Filter{Owner: "a.", Page: 7}, start)
			if err != nil {
				t.Fatal(err)
			}
			for _, r := range page {
				got = append(got, r.Entry.ID)
			}
			start = next
		}
		if !slices.Equal(got, want) || pages != 3 {
			t.Errorf("got %v on %d pages, want %v on 3", got, pages, want)
		}
		for filter, want := range map[Filter]int{
			{Owner: "a", Match: "e1"}: 3, {Owner: "a", Kind: "agent_scout"}: 0, {Owner: "nobody"}: 0, {Owner: "a*"}: 0,
		} {
			if n := len(listed(t, store, filter)); n != want {
				t.Errorf("%+v lists %d entries, want %d", filter, n, want)
			}
		}
		for _, start := range []string{"e07", "3.0", "@", "@e 7", "@e\x007"} {
			if _, _, err := store.List(t.Context(), Filter{Owner: "a"}, start); fmt.Sprint(err) != fmt.Sprintf("page %q does not exist: start at the first page, and go on where each page says", start) {
				t.Errorf("a page starting at %q: %v", start, err)
			}
		}
	})
}

func TestEachChangeKeepsTheIndexOfOwners(t *testing.T) {
	redistest.Run(t, func(t *testing.T, client redis.UniversalClient) {
		store := NewStore(client, prefix)
		var writers sync.WaitGroup
		for i := range 4 {
			writers.Go(func() {
				for n := range 10 {
					put(t, store, owned(fmt.Sprint("e", n), fmt.Sprint("u", i)))
				}
			})
		}
		writers.Wait()
		checkIndex(t, client, store)
		put(t, store, owned("e1", ""))
		for _, id := range []string{"e2", "e3"} {
			if _, err := store.Remove(t.Context(), id, OriginAPI); err != nil {
				t.Fatal(err)
			}
		}
		if _, err := store.Pause(t.Context(), "e4"); err != nil {
			t.Fatal(err)
		}
		configured := owned("c1", "u1")
		configured.Origin = OriginConfig
		for _, entries := range [][]Entry{{configured}, nil} {
			if _, err := store.SyncConfig(t.Context(), Configuration{Owner: "blue", Entries: entries}); err != nil {
				t.Fatal(err)
			}
			checkIndex(t, client, store)
		}
		overdue(t, store, owned("e5", "u7"), 48*time.Hour)
		if err := workAll(t, NewEngine(store, newFakeQueue(), Options{})); err != nil {
			t.Fatal(err)
		}
		checkIndex(t, client, store)
		if ids := listed(t, store, Filter{Owner: "u7"}); len(ids) != 1 {
			t.Errorf("listed %v, want the entry whose owner was changed", ids)
		}
	})
}

func TestTheIndexFindsWhatAVersionWithoutItWrote(t *testing.T) {
	redistest.Run(t, func(t *testing.T, client redis.UniversalClient) {
		store := NewStore(client, prefix)
		// old writes as that version does: it knows nothing of the index.
		old := func(e Entry) {
			encoded, err := e.encode()
			if err != nil {
				t.Fatal(err)
			}
			client.HSet(t.Context(), store.entriesKey(shardOf(e.ID)), e.ID, encoded)
			client.HSet(t.Context(), store.booksKey(shardOf(e.ID)), e.ID, Books{Revision: 1}.encode())
		}
		want := func(owner string, ids ...string) {
			t.Helper()
			page, _, err := store.List(t.Context(), Filter{Owner: owner}, "")
			var got []string
			for _, r := range page {
				got = append(got, r.Entry.ID)
			}
			if err != nil || !slices.Equal(got, ids) {
				t.Errorf("listed %v of %s, %v; want %v", got, owner, err, ids)
			}
		}
		for i := range 40 {
			old(owned(fmt.Sprintf("old%02d", i), fmt.Sprint("u", i%20)))
		}
		want("u3", "old03", "old23")
		checkIndex(t, client, store)
		old(owned("more", "u3"))
		put(t, store, owned("new", "u3"))
		want("u3", "more", "new", "old03", "old23")
		client.HDel(t.Context(), store.entriesKey(shardOf("old03")), "old03")
		want("u3", "more", "new", "old23")
		checkIndex(t, client, store)
		old(owned("more", "u4"))
		want("u3", "new", "old23") // it is not u3's any more, whatever the index says
		for shard := range shards {
			if err := store.reindex(t.Context(), shard); err != nil {
				t.Fatal(err)
			}
		}
		want("u4", "more", "old04", "old24")
		checkIndex(t, client, store)
		client.HSet(t.Context(), store.entriesKey(shardOf("new")), "new", "{")
		client.HSet(t.Context(), store.entriesKey(shardOf("more")), "more", `{"id":"more","owner":"u\u00004"}`)
		for shard := range shards {
			if err := store.reindex(t.Context(), shard); err != nil {
				t.Fatal(err)
			}
		}
		checkIndex(t, client, store)
		want("u3", "old23")
	})
}

func TestASchedulerMendsTheIndexItFinds(t *testing.T) {
	redistest.Run(t, func(t *testing.T, client redis.UniversalClient) {
		store := NewStore(client, prefix)
		put(t, store, owned("e1", "ada"))
		key := store.ownersKey(shardOf("e1"))
		client.Del(t.Context(), key)
		start(t, store, newFakeQueue(), Options{})
		ctx, cancel := context.WithTimeout(t.Context(), patience)
		defer cancel()
		for client.ZCard(ctx, key).Val() == 0 {
			if ctx.Err() != nil {
				t.Fatal("the index was never mended")
			}
		}
		checkIndex(t, client, store)
	})
}

func TestTheIndexIsMendedOnlyAsTheEntriesStillAre(t *testing.T) {
	redistest.Run(t, func(t *testing.T, client redis.UniversalClient) {
		store := NewStore(client, prefix)
		put(t, store, owned("e1", "ada"))
		err := store.eachStored(t.Context(), shardOf("e1"), []string{"e1"}, func(one stored, _ int) []any {
			put(t, store, owned("e1", "bob")) // somebody else is faster
			return []any{one.id, one.books, ownerMember(one.owner(), one.id), 1}
		})
		if err != nil {
			t.Fatal(err)
		}
		checkIndex(t, client, store)
		err = store.eachStored(t.Context(), shardOf("e1"), []string{"e1"}, func(one stored, _ int) []any {
			put(t, store, owned("e1", "ada"))
			return []any{one.id, one.books, ownerMember("ada", one.id), 0}
		})
		if err != nil {
			t.Fatal(err)
		}
		checkIndex(t, client, store)
	})
}

// BenchmarkList lists of 100,000 entries, as switchyard schedule list does, those of one
// owner and those whose ID has a part that few have.
func BenchmarkList(b *testing.B) {
	store := NewStore(redistest.Client(b, redistest.Server(b).Addr), prefix)
	entries := make([]Entry, 100_000)
	for i := range entries {
		entries[i] = owned(fmt.Sprintf("job-%06d", i), fmt.Sprint("u", i/3))
	}
	if _, err := store.PutAll(b.Context(), entries, PutOptions{}); err != nil {
		b.Fatal(err)
	}
	for name, filter := range map[string]Filter{
		"owner": {Owner: "u12345"}, "match few": {Match: "99999"}, "match many": {Match: "job"}, "match none": {Match: "nothing"},
	} {
		b.Run(name, func(b *testing.B) {
			for b.Loop() {
				found := 0
				for start := ""; ; {
					page, next, err := store.List(b.Context(), filter, start)
					if err != nil {
						b.Fatal(err)
					}
					found += len(page)
					if start = next; start == "" || found >= 100 {
						break
					}
				}
			}
		})
	}
}
