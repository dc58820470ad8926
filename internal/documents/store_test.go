package documents

import (
	"errors"
	"fmt"
	"reflect"
	"slices"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"switchyard/test/redistest"
)

const hour = time.Hour

func page(n int) Document {
	return Document{
		URL:       fmt.Sprintf("https://example.com/%d", n),
		Title:     fmt.Sprintf("Page %d", n),
		Text:      "Some words.",
		Published: time.Date(2026, 2, 1, 0, 0, 0, 0, time.UTC),
		Language:  "en",
		Source:    "example",
	}
}

func mustPut(t *testing.T, s *Store, d Document, want State) {
	t.Helper()
	got, err := s.Put(t.Context(), d)
	if err != nil || got != want {
		t.Fatalf("put %s: %q, %v, want %q", d.URL, got, err, want)
	}
}

// titles returns the titles of what is recent.
func titles(t *testing.T, s *Store, since time.Time, limit int) []string {
	t.Helper()
	documents, err := s.Recent(t.Context(), since, limit)
	if err != nil {
		t.Fatal(err)
	}
	var titles []string
	for _, d := range documents {
		titles = append(titles, d.Title)
	}
	return titles
}

func TestPutKeepsADocumentThatGetReturns(t *testing.T) {
	redistest.Run(t, func(t *testing.T, client redis.UniversalClient) {
		c := newClock()
		s := New(client, "switchyard:", 0, c.now)
		mustPut(t, s, page(1), Stored)

		want := page(1)
		want.ID, want.Hash, want.Stored, want.Story = ID(want.URL), hash(want), c.t, ID(want.URL)
		got, found, err := s.Get(t.Context(), ID(want.URL))
		if err != nil || !found || !reflect.DeepEqual(got, want) {
			t.Fatalf("%+v, %v, %v, want %+v", got, found, err, want)
		}
		if ttl := client.TTL(t.Context(), "switchyard:document:"+want.ID).Val(); ttl < DefaultTTL-hour || ttl > DefaultTTL {
			t.Fatalf("kept for %s, want %s", ttl, DefaultTTL)
		}
		if _, found, err := s.Get(t.Context(), ID("https://example.com/none")); found || err != nil {
			t.Fatalf("a document nobody put: %v, %v", found, err)
		}
	})
}

func TestPutRefusesADocumentWithoutURL(t *testing.T) {
	if _, err := New(nil, "", 0, time.Now).Put(t.Context(), Document{Text: "x"}); fmt.Sprint(err) != "put document: it has no URL" {
		t.Fatalf("a document without a URL: %v", err)
	}
}

func TestOnlyOtherWordsMakeADocumentNewAgain(t *testing.T) {
	redistest.Run(t, func(t *testing.T, client redis.UniversalClient) {
		c := newClock()
		s := New(client, "switchyard:", 0, c.now)
		mustPut(t, s, page(1), Stored)
		first := c.t
		later := c.pass(hour)

		same := page(1)
		same.Text = "  Some\nwords. "
		mustPut(t, s, same, Unchanged)
		if got := titles(t, s, later, 10); got != nil {
			t.Fatalf("unchanged, but new again: %v", got)
		}
		if got, _, _ := s.Get(t.Context(), ID(same.URL)); !got.Stored.Equal(first) {
			t.Fatalf("stored %s, want %s", got.Stored, first)
		}

		other := page(1)
		other.Text = "Other words."
		mustPut(t, s, other, Changed)
		if got, _, _ := s.Get(t.Context(), ID(other.URL)); got.Text != other.Text || !got.Stored.Equal(later) {
			t.Fatalf("%+v, want the changed text stored %s", got, later)
		}
		if got := titles(t, s, later, 10); len(got) != 1 {
			t.Fatalf("changed, but recent are %v", got)
		}
	})
}

func TestPutAgainMendsAPutThatFailedMidway(t *testing.T) {
	redistest.Run(t, func(t *testing.T, client redis.UniversalClient) {
		c := newClock()
		s := New(client, "switchyard:", 0, c.now)
		mustPut(t, s, page(1), Stored)
		first := c.t
		// What a worker that died after writing the document leaves behind.
		if err := client.Del(t.Context(), s.indexKey()).Err(); err != nil {
			t.Fatal(err)
		}
		c.pass(hour)
		mustPut(t, s, page(1), Unchanged)
		if got := titles(t, s, first, 10); len(got) != 1 {
			t.Fatalf("recent are %v, want the document", got)
		}
		if got := titles(t, s, first.Add(1), 10); len(got) != 1 {
			t.Fatalf("recent at the millisecond of storing are %v, want the document", got)
		}
		if got := titles(t, s, first.Add(time.Minute), 10); len(got) != 0 {
			t.Fatalf("recent are %v, want none stored after the first put", got)
		}
	})
}

func TestRecentIsNewestFirstAndBounded(t *testing.T) {
	redistest.Run(t, func(t *testing.T, client redis.UniversalClient) {
		c := newClock()
		s := New(client, "switchyard:", 0, c.now)
		start := c.t
		for n := range 2*batch + 1 {
			mustPut(t, s, page(n), Stored)
			c.pass(time.Second)
		}
		all := titles(t, s, start, 1000)
		if len(all) != 2*batch+1 || all[0] != "Page 200" || all[200] != "Page 0" {
			t.Fatalf("%d documents: %v", len(all), all)
		}
		if got := titles(t, s, start, 2); !slices.Equal(got, []string{"Page 200", "Page 199"}) {
			t.Fatalf("the two newest are %v", got)
		}
		if got := titles(t, s, start.Add(199*time.Second), 1000); !slices.Equal(got, []string{"Page 200", "Page 199"}) {
			t.Fatalf("since page 199 there are %v", got)
		}
		if got := titles(t, s, start, 0); got != nil {
			t.Fatalf("none asked for, got %v", got)
		}
	})
}

func TestRecentForgetsTheExpiredAndSkipsTheDropped(t *testing.T) {
	redistest.Run(t, func(t *testing.T, client redis.UniversalClient) {
		c := newClock()
		s := New(client, "switchyard:", 24*hour, c.now)
		mustPut(t, s, page(1), Stored)
		c.pass(24 * hour)
		mustPut(t, s, page(2), Stored)
		mustPut(t, s, page(3), Stored)
		if err := client.Del(t.Context(), s.documentKey(ID(page(3).URL))).Err(); err != nil {
			t.Fatal(err)
		}
		if got := titles(t, s, time.Time{}, 10); !slices.Equal(got, []string{"Page 2"}) {
			t.Fatalf("recent are %v, want page 2", got)
		}
		if n := client.ZCard(t.Context(), s.indexKey()).Val(); n != 2 {
			t.Fatalf("the index holds %d IDs, want the expired one gone", n)
		}
	})
}

func TestADocumentIsKeptForAsLongAsItsPageIsThere(t *testing.T) {
	m := redistest.Mini(t) // whose clock a test can move
	s := New(redistest.Client(t, m.Addr()), "switchyard:", 24*hour, newClock().now)
	mustPut(t, s, page(1), Stored)
	mustPut(t, s, page(2), Stored)
	for range 3 {
		m.FastForward(20 * hour)
		if kept, err := s.Keep(t.Context(), ID(page(1).URL)); err != nil || !kept {
			t.Fatalf("kept %v, %v", kept, err)
		}
	}
	if kept, err := s.Keep(t.Context(), ID(page(2).URL)); err != nil || kept {
		t.Fatalf("a document that is gone is kept: %v, %v", kept, err)
	}
}

func TestADocumentThatCannotBeReadStopsNoOther(t *testing.T) {
	redistest.Run(t, func(t *testing.T, client redis.UniversalClient) {
		s, ctx := New(client, "p:", 0, newClock().now), t.Context()
		for n := range 3 {
			mustPut(t, s, page(n), Stored)
		}
		client.HSet(ctx, s.documentKey(ID(page(0).URL)), "document", `{"title":`, "hash", "other")
		client.Del(ctx, s.documentKey(ID(page(1).URL)))
		client.Set(ctx, s.documentKey(ID(page(1).URL)), "no hash", 0)
		s = New(client, "p:", 0, newClock().now) // which knows none yet
		recent, err := s.Recent(ctx, time.Time{}, 10)
		if err != nil || len(recent) != 1 || recent[0].URL != page(2).URL {
			t.Errorf("recent %+v, %v; want the one that can be read", recent, err)
		}
		for n := range 2 {
			if d, found, err := s.Get(ctx, ID(page(n).URL)); found || err != nil {
				t.Errorf("got %+v, %v, %v", d, found, err)
			}
		}
	})
}

func TestARedisThatIsAwayIsAnErrorNotAMiss(t *testing.T) {
	client := redistest.Client(t, redistest.Mini(t).Addr())
	s := New(client, "switchyard:", 0, newClock().now)
	if err := client.Close(); err != nil {
		t.Fatal(err)
	}
	if _, err := s.Put(t.Context(), page(1)); !errors.Is(err, redis.ErrClosed) {
		t.Errorf("put: %v", err)
	}
	if _, _, err := s.Get(t.Context(), "x"); !errors.Is(err, redis.ErrClosed) {
		t.Errorf("get: %v", err)
	}
	if _, err := s.Recent(t.Context(), time.Time{}, 10); !errors.Is(err, redis.ErrClosed) {
		t.Errorf("recent: %v", err)
	}
	if _, err := s.Keep(t.Context(), "x"); !errors.Is(err, redis.ErrClosed) {
		t.Errorf("keep: %v", err)
	}
}
