package schedule

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"switchyard/test/redistest"
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
			if i%3 == 1 {
				e.Kind = "agent_scout"
			}
			put(t, store, e)
		}
		for filter, want := range map[Filter]int{
			{}: 60, {Origin: OriginAPI, Kind: "agent_scout"}: 20, {Kind: "agent_scout", Match: "e1"}: 4, {Kind: "briefing_generate"}: 0,
			{Match: "e"}: 60, {Match: "e5"}: 10, {Match: "07"}: 1, {Match: "7", Page: 1}: 6, {Match: "E"}: 0,
			// No character of a part of an ID stands for others.
			{Match: "*"}: 0, {Match: "e?7"}: 0, {Match: "[e]0"}: 0, {Match: "e[^1]0"}: 0, {Match: `\e`}: 0, {Match: `e0\`}: 0,
		} {
			if n := len(listed(t, store, filter)); n != want {
				t.Errorf("%+v lists %d entries, want %d", filter, n, want)
			}
		}
		for match, starts := range map[string][]string{"": {"x", "99.0", "-1.0", "1", "@e07", "1@"}, "e": {"x", "99@", "-1@", "3.0", "@e07", "1@%%", "1@eA"}} {
			for _, start := range starts {
				if _, _, err := store.List(t.Context(), Filter{Match: match}, start); fmt.Sprint(err) != fmt.Sprintf("page %q does not exist: start at the first page, and go on where each page says", start) {
					t.Errorf("a page of those with %q starting at %q: %v", match, start, err)
				}
			}
		}
		client.HSet(t.Context(), store.entriesKey(shardOf("e07")), "e07", "{")
		for match, start := range map[string]string{"": fmt.Sprintf("%d.0", shardOf("e07")), "e0": placeAt(shardOf("e07"), "")} {
			page, _, err := store.List(t.Context(), Filter{Kind: "nothing", Match: match}, start)
			if err != nil || len(page) != 1 || page[0].Entry.ID != "e07" || page[0].Books.LastError == "" {
				t.Errorf("an entry that cannot be read, with %q in its ID: %+v, %v, want it named", match, page, err)
			}
		}
		if page, _, err := store.List(t.Context(), Filter{Match: "e1"}, placeAt(shardOf("e07"), "")); err != nil || slices.ContainsFunc(page, func(r Record) bool { return r.Entry.ID == "e07" }) {
			t.Errorf("listed %+v, %v; want no ID without the part", page, err)
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
		books := get(t, store, "e02").Books
		books.Last, books.LastTask = start.Add(-time.Hour), "e02@before"
		rewriteBooks(t, store, "e02", books)
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
		if u := upcoming[1]; !u.Prev.Equal(books.Last) || u.PrevTask != books.LastTask {
			t.Errorf("got %+v, want the last tick with its task", u)
		}
	})
}

func TestAPageHasTheOneOfThousandsThatIsMeant(t *testing.T) {
	redistest.Run(t, func(t *testing.T, client redis.UniversalClient) {
		store := NewStore(client, prefix)
		entries := many(3000, "@daily")
		entries[1234].Kind, entries[2345].Origin, entries[2999].Paused = "agent_rare", OriginConfig, true
		if _, err := store.PutAll(t.Context(), entries, PutOptions{}); err != nil {
			t.Fatal(err)
		}
		for id, f := range map[string]Filter{"e1234": {Kind: "agent_rare"}, "e2345": {Origin: OriginConfig}, "e2999": {State: Paused}} {
			f.Page = 50
			page, next, err := store.List(t.Context(), f, "")
			if err != nil || len(page) != 1 || page[0].Entry.ID != id || next != "" {
				t.Errorf("%+v: %d entries, next %q, %v; want %s alone", f, len(page), next, err, id)
			}
		}
	})
}
