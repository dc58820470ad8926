package schedule

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"switchyard/internal/redistest"
)

// listed returns the entries that match, as "id spec", sorted.
func listed(t *testing.T, store *Store, f Filter) []string {
	t.Helper()
	var all []string
	for start := ""; ; {
		page, next, err := store.List(t.Context(), f, start)
		if err != nil {
			t.Fatal(err)
		}
		for _, r := range page {
			all = append(all, r.Entry.ID+" "+r.Entry.Spec)
		}
		if next == "" {
			slices.Sort(all)
			return slices.Compact(all)
		}
		start = next
	}
}

func TestListFindsEachEntryThatMatches(t *testing.T) {
	redistest.Run(t, func(t *testing.T, client redis.UniversalClient) {
		store := NewStore(client, prefix)
		for i := range 60 {
			e := newEntry(fmt.Sprintf("e%02d", i), "@daily")
			e.Owner = fmt.Sprint(i % 3)
			put(t, store, e)
		}
		if n := len(listed(t, store, Filter{})); n != 60 {
			t.Errorf("listed %d entries, want 60", n)
		}
		if n := len(listed(t, store, Filter{Owner: "1", Origin: OriginAPI, Kind: "scrape_page"})); n != 20 {
			t.Errorf("listed %d entries of one owner, want 20", n)
		}
		if n := len(listed(t, store, Filter{Kind: "agent_scout"})); n != 0 {
			t.Errorf("listed %d entries of a kind there is none of", n)
		}
		for _, start := range []string{"x", "99.0", "-1.0", "1"} {
			if _, _, err := store.List(t.Context(), Filter{}, start); err == nil {
				t.Errorf("a page starting at %q was listed", start)
			}
		}
		client.HSet(t.Context(), store.entriesKey(shardOf("e07")), "e07", "{")
		page, _, err := store.List(t.Context(), Filter{Owner: "nobody"}, fmt.Sprintf("%d.0", shardOf("e07")))
		if err != nil || len(page) != 1 || page[0].Entry.ID != "e07" || page[0].Books.LastError == "" {
			t.Errorf("an entry that cannot be read: %+v, %v, want it named", page, err)
		}
	})
}

func TestUpcomingAreThoseDueNext(t *testing.T) {
	redistest.Run(t, func(t *testing.T, client redis.UniversalClient) {
		store := NewStore(client, prefix)
		start := time.Now().Add(time.Hour).Truncate(time.Second).UTC()
		for i := range 30 {
			put(t, store, newEntry(fmt.Sprintf("e%02d", i), "at "+start.Add(time.Duration(i)*time.Minute).Format(time.RFC3339)))
		}
		if _, err := store.Pause(t.Context(), "e01"); err != nil {
			t.Fatal(err)
		}
		upcoming, err := store.Upcoming(t.Context(), 3)
		if err != nil {
			t.Fatal(err)
		}
		var ids []string
		for _, u := range upcoming {
			ids = append(ids, u.ID)
		}
		if !slices.Equal(ids, []string{"e00", "e02", "e03"}) || !upcoming[0].Next.Equal(start) {
			t.Errorf("got %v, want the first three that are not paused", upcoming)
		}
	})
}
