package schedule

import (
	"errors"
	"fmt"
	"slices"
	"sync"
	"testing"

	"github.com/redis/go-redis/v9"

	"switchyard/test/redistest"
)

func TestSyncConfigReplacesOnlyItsOwn(t *testing.T) {
	redistest.Run(t, func(t *testing.T, client redis.UniversalClient) {
		store := NewStore(client, prefix)
		configured := func(id, spec string) Entry {
			e := newEntry(id, spec)
			e.Origin = OriginConfig
			return e
		}
		put(t, store, newEntry("by-hand", "@daily"))
		put(t, store, newEntry("taken", "@daily"))
		first := []Entry{configured("stays", "@daily"), configured("goes", "@daily"), configured("over", "at 2020-01-01T00:00:00Z")}
		var schedulers sync.WaitGroup
		for range 3 {
			schedulers.Go(func() {
				if _, err := store.SyncConfig(t.Context(), Configuration{Owner: "blue", Entries: first}); err != nil {
					t.Error(err)
				}
			})
		}
		schedulers.Wait()
		synced, err := store.SyncConfig(t.Context(), Configuration{Owner: "blue", Entries: []Entry{configured("taken", "@hourly"), configured("stays", "@hourly"), configured("comes", "@daily")}})
		if !errors.Is(err, ErrTaken) || err.Error() != "entry taken is from another place, the command line: change it there, or choose another id" {
			t.Errorf("SyncConfig = %v, want ErrTaken that names the entry and its place", err)
		}
		slices.Sort(synced.Removed)
		if synced.Changed != 2 || !slices.Equal(synced.Removed, []string{"goes", "over"}) || len(synced.Orphans) != 0 {
			t.Errorf("synced %+v, want 2 changed, goes and over removed", synced)
		}
		want := []string{"by-hand @daily", "comes @daily", "stays @hourly", "taken @daily"}
		if got := listed(t, store, Filter{}); !slices.Equal(got, want) {
			t.Errorf("entries are %v, want %v", got, want)
		}
		if _, err := store.SyncConfig(t.Context(), Configuration{Owner: "blue", Entries: []Entry{configured("new", "@daily"), configured("bad", "@never")}}); fmt.Sprint(err) != `entry bad: spec "@never": "@never" is not known: use @hourly, @daily, @weekly, @monthly, @yearly, @every 5m, or an event of the sun such as @sunrise 52.52 13.405` {
			t.Errorf("a list with a bad entry: %v", err)
		}
		if _, err := store.SyncConfig(t.Context(), Configuration{Owner: "blue", Entries: []Entry{configured("new", "@daily"), configured("new", "@daily")}}); fmt.Sprint(err) != "entry new is given 2 times: keep one of them" {
			t.Errorf("a list with an entry given twice: %v", err)
		}
		if got := listed(t, store, Filter{}); !slices.Equal(got, want) {
			t.Errorf("after lists that are refused, entries are %v, want %v", got, want)
		}
	})
}

func TestSyncConfigSparesAnEntryThatCameBackFromElsewhere(t *testing.T) {
	redistest.Run(t, func(t *testing.T, client redis.UniversalClient) {
		store := NewStore(client, prefix)
		put(t, store, newEntry("e1", "@daily"))
		client.SAdd(t.Context(), store.configKey(shardOf("e1")), "e1") // as it was when listed
		if _, err := store.SyncConfig(t.Context(), Configuration{Owner: "blue", Inherits: true}); err != nil {
			t.Fatal(err)
		}
		get(t, store, "e1")
	})
}

// configuredFor returns an entry of a configuration file.
func configuredFor(id, spec string) Entry {
	e := newEntry(id, spec)
	e.Origin = OriginConfig
	return e
}

// sync brings the file of an owner into the schedule, and returns what has come of it.
func (c Configuration) sync(t *testing.T, store *Store) (Synced, error) {
	t.Helper()
	synced, err := store.SyncConfig(t.Context(), c)
	slices.Sort(synced.Removed)
	slices.Sort(synced.Orphans)
	return synced, err
}

func TestTwoConfigurationFilesLeaveEachOthersEntriesAlone(t *testing.T) {
	redistest.Run(t, func(t *testing.T, client redis.UniversalClient) {
		store := NewStore(client, prefix)
		blue := Configuration{Owner: "blue", Entries: []Entry{configuredFor("b1", "@daily"), configuredFor("b2", "@daily")}}
		green := Configuration{Owner: "green", Entries: []Entry{configuredFor("g1", "@daily"), configuredFor("b1", "@hourly")}}
		for range 2 { // each at its start, in turns
			if synced, err := blue.sync(t, store); err != nil || len(synced.Removed) != 0 {
				t.Errorf("blue: %+v, %v", synced, err)
			}
			const want = "entry b1 is from another place, the configuration file of blue: change it there, or choose another id; if that deployment is gone, give it up with switchyard schedule disown"
			if synced, err := green.sync(t, store); !errors.Is(err, ErrTaken) || err.Error() != want || len(synced.Removed) != 0 {
				t.Errorf("green: %+v, %v", synced, err)
			}
			if got := listed(t, store, Filter{}); !slices.Equal(got, []string{"b1 @daily", "b2 @daily", "g1 @daily"}) {
				t.Errorf("entries are %v", got)
			}
		}
		blue.Entries = blue.Entries[1:]
		if synced, err := blue.sync(t, store); err != nil || !slices.Equal(synced.Removed, []string{"b1"}) {
			t.Errorf("blue gives b1 up: %+v, %v", synced, err)
		}
		if _, err := green.sync(t, store); err != nil {
			t.Errorf("green has b1 now: %v", err)
		}
		if by := get(t, store, "b1").Entry.ConfiguredBy; by != "green" {
			t.Errorf("b1 is in the file of %q", by)
		}
	})
}

func TestEntriesOfReleasesWithoutOwnersAreInherited(t *testing.T) {
	redistest.Run(t, func(t *testing.T, client redis.UniversalClient) {
		store := NewStore(client, prefix)
		for _, id := range []string{"kept", "dropped", "theirs"} {
			put(t, store, configuredFor(id, "@daily")) // as an older release does
		}
		books := get(t, store, "kept").Books
		green := Configuration{Owner: "green", Entries: []Entry{configuredFor("theirs", "@daily")}}
		if synced, err := green.sync(t, store); err != nil || len(synced.Removed) != 0 || !slices.Equal(synced.Orphans, []string{"dropped", "kept"}) {
			t.Errorf("an owner of its own: %+v, %v", synced, err)
		}
		usual := Configuration{Owner: "switchyard/0", Inherits: true, Entries: []Entry{configuredFor("kept", "@daily")}}
		if synced, err := usual.sync(t, store); err != nil || !slices.Equal(synced.Removed, []string{"dropped"}) || len(synced.Orphans) != 0 {
			t.Errorf("the owner by default: %+v, %v", synced, err)
		}
		if got := listed(t, store, Filter{}); !slices.Equal(got, []string{"kept @daily", "theirs @daily"}) {
			t.Errorf("entries are %v", got)
		}
		if kept := get(t, store, "kept"); kept.Entry.ConfiguredBy != "switchyard/0" || !kept.Books.Next.Equal(books.Next) {
			t.Errorf("kept is %+v, was due %s", kept, books.Next)
		}
	})
}

func TestADeploymentThatIsGoneGivesItsEntriesUp(t *testing.T) {
	redistest.Run(t, func(t *testing.T, client redis.UniversalClient) {
		store := NewStore(client, prefix)
		old := Configuration{Owner: "old", Entries: []Entry{configuredFor("a", "@daily"), configuredFor("b", "@daily")}}
		other := Configuration{Owner: "other", Entries: []Entry{configuredFor("c", "@daily")}}
		for _, c := range []Configuration{old, other} {
			if _, err := c.sync(t, store); err != nil {
				t.Fatal(err)
			}
		}
		put(t, store, newEntry("by-hand", "@daily"))
		next := get(t, store, "a").Books.Next
		if ids, err := store.Disown(t.Context(), "old", false); err != nil || !slices.Equal(ids, []string{"a", "b"}) {
			t.Errorf("gave up %v, %v", ids, err)
		}
		renamed := Configuration{Owner: "new", Entries: []Entry{configuredFor("a", "@daily")}}
		if _, err := renamed.sync(t, store); err != nil {
			t.Error(err)
		}
		if a := get(t, store, "a"); a.Entry.ConfiguredBy != "new" || !a.Books.Next.Equal(next) {
			t.Errorf("a is %+v, was due %s", a, next)
		}
		if ids, err := store.Disown(t.Context(), "", true); err != nil || !slices.Equal(ids, []string{"b"}) {
			t.Errorf("removed %v, %v", ids, err)
		}
		if got := listed(t, store, Filter{}); !slices.Equal(got, []string{"a @daily", "by-hand @daily", "c @daily"}) {
			t.Errorf("entries are %v", got)
		}
	})
}
