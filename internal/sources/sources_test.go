package sources

import (
	"errors"
	"fmt"
	"reflect"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"
	"go.uber.org/goleak"

	"switchyard/internal/pages"
	"switchyard/internal/schedule"
	"switchyard/test/redistest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

var noon = time.Date(2030, 6, 1, 12, 0, 0, 0, time.UTC)

func page(n int, state pages.State) pages.Page {
	return pages.Page{URL: fmt.Sprintf("https://example.org/%d", n), State: state, Visited: noon.Add(time.Duration(n) * time.Second)}
}

func newStore(client redis.UniversalClient) *Store {
	return New(client, "p:", schedule.NewStore(client, "p:"), pages.New(client, "p:", time.Hour, time.Now))
}

func TestAReportTellsWhatASourceBroughtAndWhatIsInTrouble(t *testing.T) {
	redistest.Run(t, func(t *testing.T, client redis.UniversalClient) {
		s, ctx := newStore(client), t.Context()
		good := Visit{At: noon, URL: "https://example.org/", Feed: "https://example.org/feed", Title: "Example", Found: 5, New: 3}
		bad := Visit{At: noon.Add(time.Hour), URL: "https://example.org/", Error: "status 503"}
		for _, v := range []Visit{bad, good, bad, bad} {
			if err := s.Visited(ctx, "paper", v); err != nil {
				t.Fatal(err)
			}
		}
		for _, p := range []pages.Page{page(1, pages.Failed), page(2, pages.Failed), page(3, pages.Gone), page(4, pages.Seen), page(1, pages.Seen)} {
			if err := s.Note(ctx, "paper", p); err != nil {
				t.Fatal(err)
			}
		}
		want := Report{
			Name: "paper", Last: bad, LastGood: good, Failures: 2, Read: 2, Gone: 1,
			Troubles: []string{"https://example.org/3", "https://example.org/2"},
		}
		if got, err := s.Report(ctx, "paper"); err != nil || !reflect.DeepEqual(got, want) {
			t.Errorf("%+v, %v\nwant %+v", got, err, want)
		}
		if n, err := s.TroublesSince(ctx, "paper", noon.Add(3*time.Second)); err != nil || n != 1 {
			t.Errorf("%d troubles since the last page, %v; want 1", n, err)
		}
	})
}

func TestOnlyTheLatestTroublesAreKept(t *testing.T) {
	redistest.Run(t, func(t *testing.T, client redis.UniversalClient) {
		s := newStore(client)
		for n := range maxTroubles + 10 {
			if err := s.Note(t.Context(), "paper", page(n, pages.Failed)); err != nil {
				t.Fatal(err)
			}
		}
		r, err := s.Report(t.Context(), "paper")
		if err != nil || len(r.Troubles) != maxTroubles || r.Troubles[0] != page(maxTroubles+9, "").URL {
			t.Errorf("%d troubles, the first %v, %v", len(r.Troubles), r.Troubles[:1], err)
		}
	})
}

func TestASourceIsItsEntryAndWhatItBrought(t *testing.T) {
	redistest.Run(t, func(t *testing.T, client redis.UniversalClient) {
		s, ctx := newStore(client), t.Context()
		for _, e := range []schedule.Entry{
			{ID: EntryID("paper"), Spec: "@every 1h", Kind: "scrape_feed", Payload: []byte(`{"url":"https://example.org/"}`), Origin: schedule.OriginAPI},
			{ID: "resource:other", Spec: "@every 1h", Kind: "x", Origin: schedule.OriginAPI},
		} {
			if err := s.entries.Add(ctx, e); err != nil {
				t.Fatal(err)
			}
		}
		failed := page(1, pages.Failed)
		failed.Error = "status 503"
		if err := errors.Join(s.pages.Put(ctx, failed), s.Note(ctx, "paper", failed), s.Visited(ctx, "paper", Visit{At: noon, Found: 1, New: 1})); err != nil {
			t.Fatal(err)
		}
		got, err := s.Get(ctx, "paper")
		if err != nil || got.URL != "https://example.org/" || got.Next.IsZero() || got.Last.New != 1 || len(got.InTrouble) != 1 || got.InTrouble[0] != failed {
			t.Errorf("%+v, %v", got, err)
		}
		var all []Source
		for start, more := "", true; more; more = start != "" {
			some, next, err := s.List(ctx, 100, start)
			if err != nil {
				t.Fatal(err)
			}
			all, start = append(all, some...), next
		}
		if len(all) != 1 || all[0].Name != "paper" || all[0].InTrouble != nil {
			t.Errorf("listed %+v, want paper alone", all)
		}
		if _, err := s.Get(ctx, "peper"); !errors.Is(err, ErrNotFound) {
			t.Errorf("a source that is not there: %v", err)
		}
	})
}
