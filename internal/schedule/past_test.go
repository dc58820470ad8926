package schedule

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"switchyard/test/redistest"
)

func TestTheLastTicksFollowFromTheEntry(t *testing.T) {
	last := mustTime(t, "2026-03-30T06:00:00Z") // the clock in Berlin has changed the day before
	for _, row := range []struct {
		spec  string
		books Books
		n     int
		want  string
	}{
		{"0 8 * * *", Books{Last: last, LastTask: "t", Runs: 9}, 4, "t 2026-03-29T06:00:00Z 2026-03-28T07:00:00Z 2026-03-27T07:00:00Z"},
		{"0 8 * * *", Books{Last: last, LastTask: "t", Runs: 2}, 10, "t 2026-03-29T06:00:00Z"},
		{"0 8 * * *", Books{Last: last, LastTask: "t", Runs: 2, Skipped: 1}, 10, "t 2026-03-29T06:00:00Z 2026-03-28T07:00:00Z"},
		{"0 8 * * *", Books{Last: last, LastTask: "t", Runs: 9}, 1, "t"},
		{"0 0 1 1 *", Books{Last: last, LastTask: "t", Runs: 9}, 3, "t 2025-12-31T23:00:00Z 2024-12-31T23:00:00Z"}, // it was another spec
		{"at 2026-03-30T06:00:00Z", Books{Last: last, LastTask: "t", Runs: 1}, 10, "t"},
		{"@every 1s", Books{Last: last, LastTask: "t", Runs: 1e9}, 2, "t 2026-03-30T05:59:59Z"},
		{"0 8 * * *", Books{}, 10, ""},
	} {
		e := newEntry("e", row.spec)
		e.Zone = "Europe/Berlin"
		ticks, err := Record{e, row.books}.LastTicks(t.Context(), row.n)
		var got []string
		for i, tick := range ticks {
			if want := tickID("e", tick.At); i > 0 && tick.Task != want {
				t.Errorf("%s: the task is %s, want %s", row.spec, tick.Task, want)
			}
			got = append(got, tick.At.UTC().Format(time.RFC3339))
			if i == 0 {
				got[0] = tick.Task
			}
		}
		if strings.Join(got, " ") != row.want || err != nil {
			t.Errorf("%s, %d: %v, %v; want %s", row.spec, row.n, got, err, row.want)
		}
	}
	ticks, err := Record{newEntry("e", "no spec"), Books{Last: last, LastTask: "t", Runs: 9}}.LastTicks(t.Context(), 10)
	if err == nil || len(ticks) != 1 || ticks[0] != (Sent{last, "t"}) {
		t.Errorf("of a spec that is none: %v, %v; want the one of the books and an error", ticks, err)
	}
}

func TestWhatNobodyTakesIsLate(t *testing.T) {
	redistest.Run(t, func(t *testing.T, client redis.UniversalClient) {
		store := NewStore(client, prefix)
		late := func() (ids []string) {
			for start, n := "", 0; ; n++ {
				page, next, err := store.List(t.Context(), Filter{Late: true, Page: 2}, start)
				if err != nil || n > 100 {
					t.Fatalf("page %d: %v", n, err)
				}
				for _, r := range page {
					if !r.Late(time.Now()) {
						t.Errorf("%s is listed as late, and is not", r.Entry.ID)
					}
					ids = append(ids, r.Entry.ID)
				}
				if start = next; start == "" {
					slices.Sort(ids)
					return ids
				}
			}
		}
		var want []string
		shardsOf := map[int]bool{}
		for i := range 40 {
			id := fmt.Sprintf("e%02d", i)
			overdue(t, store, newEntry(id, "@daily"), 48*time.Hour)
			want, shardsOf[shardOf(id)] = append(want, id), true
		}
		put(t, store, newEntry("later", "@daily"))
		overdue(t, store, newEntry("paused", "@daily"), 48*time.Hour)
		if _, err := store.Pause(t.Context(), "paused"); err != nil {
			t.Fatal(err)
		}
		if got := late(); !slices.Equal(got, want) {
			t.Errorf("%v are late, want %v", got, want)
		}
		if since, err := store.Untaken(t.Context(), "e00"); err != nil || time.Since(since) < 24*time.Hour || time.Since(since) > 49*time.Hour {
			t.Errorf("e00 is untaken since %s, %v", since, err)
		}
		engine := NewEngine(store, newFakeQueue(), Options{})
		for shard := range shardsOf {
			if err := engine.work(t.Context(), shard); err != nil {
				t.Fatal(err)
			}
		}
		if got := late(); len(got) != 0 {
			t.Errorf("%v are late after a scheduler has worked", got)
		}
		for _, id := range []string{"e00", "later", "paused", "none"} {
			if since, err := store.Untaken(t.Context(), id); err != nil || !since.IsZero() {
				t.Errorf("%s is untaken since %s, %v", id, since, err)
			}
		}
	})
}
