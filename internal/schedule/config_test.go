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
				if err := store.SyncConfig(t.Context(), first); err != nil {
					t.Error(err)
				}
			})
		}
		schedulers.Wait()
		err := store.SyncConfig(t.Context(), []Entry{configured("taken", "@hourly"), configured("stays", "@hourly"), configured("comes", "@daily")})
		if !errors.Is(err, ErrTaken) || err.Error() != "entry taken is from another place, the command line: change it there, or choose another id" {
			t.Errorf("SyncConfig = %v, want ErrTaken that names the entry and its place", err)
		}
		want := []string{"by-hand @daily", "comes @daily", "stays @hourly", "taken @daily"}
		if got := listed(t, store, Filter{}); !slices.Equal(got, want) {
			t.Errorf("entries are %v, want %v", got, want)
		}
		if err := store.SyncConfig(t.Context(), []Entry{configured("new", "@daily"), configured("bad", "@never")}); fmt.Sprint(err) != `entry bad: spec "@never": "@never" is not known: use @hourly, @daily, @weekly, @monthly, @yearly, @every 5m, or an event of the sun such as @sunrise 52.52 13.405` {
			t.Errorf("a list with a bad entry: %v", err)
		}
		if err := store.SyncConfig(t.Context(), []Entry{configured("new", "@daily"), configured("new", "@daily")}); fmt.Sprint(err) != "entry new is given 2 times: keep one of them" {
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
		if err := store.SyncConfig(t.Context(), nil); err != nil {
			t.Fatal(err)
		}
		get(t, store, "e1")
	})
}
