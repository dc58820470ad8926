package pages

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"switchyard/internal/web"
	"switchyard/test/redistest"
)

var noon = time.Date(2030, 6, 1, 12, 0, 0, 0, time.UTC)

const url = "https://example.org/a"

func newStore(client redis.UniversalClient, now *time.Time) *Store {
	return New(client, "p:", 30*day, func() time.Time { return *now })
}

// meet returns the URLs that are to be fetched.
func meet(t *testing.T, s *Store, listed ...Listing) []string {
	t.Helper()
	due, err := s.Meet(t.Context(), "paper", listed)
	if err != nil {
		t.Fatal(err)
	}
	var urls []string
	for _, p := range due {
		urls = append(urls, p.URL)
	}
	return urls
}

func TestAPageThatFailedIsFetchedAgainAndOneThatWasSeenIsNot(t *testing.T) {
	redistest.Run(t, func(t *testing.T, client redis.UniversalClient) {
		now := noon
		s := newStore(client, &now)
		if got := meet(t, s, Listing{URL: url}); !slices.Equal(got, []string{url}) {
			t.Fatalf("a new page: %v", got)
		}
		if got := meet(t, s, Listing{URL: url}); !slices.Equal(got, []string{url}) {
			t.Errorf("a page that waits, whose task may be lost: %v", got)
		}
		p, err := s.Get(t.Context(), url)
		if err != nil || p.State != Waiting || p.Source != "paper" || !p.Met.Equal(noon) {
			t.Fatalf("%+v, %v", p, err)
		}
		p.Fail(Unavailable, "503", 0, now)
		if err := s.Put(t.Context(), p); err != nil {
			t.Fatal(err)
		}
		if got := meet(t, s, Listing{URL: url}); got != nil {
			t.Errorf("before its next try: %v", got)
		}
		now = now.Add(5 * time.Minute)
		if got := meet(t, s, Listing{URL: url}); !slices.Equal(got, []string{url}) {
			t.Errorf("at its next try: %v", got)
		}
		p.Read("d", &web.Page{FetchedAt: now})
		if err := s.Put(t.Context(), p, "https://example.org/b"); err != nil {
			t.Fatal(err)
		}
		now = now.Add(hour)
		if got := meet(t, s, Listing{URL: url, Changed: now}); got != nil {
			t.Errorf("a page that has changed an hour after it was seen: %v", got)
		}
		now = now.Add(5 * hour)
		if got := meet(t, s, Listing{URL: url}, Listing{URL: "https://example.org/b"}); got != nil {
			t.Errorf("a page that was seen, and what led to it: %v", got)
		}
		if got := meet(t, s, Listing{URL: url, Changed: now.Add(-time.Minute)}); !slices.Equal(got, []string{url}) {
			t.Errorf("a page that has changed since: %v", got)
		}
		if got := meet(t, s, Listing{URL: url, Changed: now.AddDate(1, 0, 0)}); got != nil {
			t.Errorf("a page that will change: %v", got)
		}
	})
}

func TestHowOftenAPageIsTriedDependsOnWhyItFails(t *testing.T) {
	for reason, want := range map[Reason]string{
		Unavailable: "5m0s 30m0s 2h0m0s 8h0m0s 24h0m0s 48h0m0s 96h0m0s 168h0m0s gone",
		Missing:     "1h0m0s 24h0m0s 72h0m0s gone",
		Removed:     "gone",
		Refused:     "24h0m0s 72h0m0s 168h0m0s gone",
		Unreadable:  "1h0m0s 24h0m0s 72h0m0s gone",
	} {
		var got []string
		for p := (Page{State: Waiting}); p.State != Gone; {
			p.Fail(reason, "why", 0, noon)
			if p.State == Failed {
				got = append(got, p.Next.Sub(noon).String())
			}
		}
		if got := strings.Join(append(got, "gone"), " "); got != want {
			t.Errorf("reason %d: %s, want %s", reason, got, want)
		}
	}
	p := Page{}
	p.Fail(Unavailable, strings.Repeat("x", 1000), 2*hour, noon)
	if !p.Next.Equal(noon.Add(2*hour)) || len(p.Error) != 500 || p.Failures != 1 {
		t.Errorf("a server that asks for two hours gets until %s, %d bytes of error", p.Next, len(p.Error))
	}
}

func TestAVisitThatSucceedsForgetsTheFailures(t *testing.T) {
	p := Page{}
	p.Fail(Missing, "404", 0, noon)
	p.Read("d", &web.Page{FetchedAt: noon.Add(hour)})
	want := Page{State: Seen, Visits: 2, Visited: noon.Add(hour), Document: "d"}
	if p != want {
		t.Errorf("%+v, want %+v", p, want)
	}
}

func TestWhatIsNoPageInRedisIsMetAnew(t *testing.T) {
	redistest.Run(t, func(t *testing.T, client redis.UniversalClient) {
		now := noon
		s := newStore(client, &now)
		for i, spoil := range []func(key string) error{
			func(key string) error { return client.Set(t.Context(), key, "{", 0).Err() },
			func(key string) error {
				return client.Set(t.Context(), key, `{"url":"https://other.example/"}`, 0).Err()
			},
			func(key string) error { return client.LPush(t.Context(), key, "x").Err() },
		} {
			u := fmt.Sprintf("https://example.org/%d", i)
			if err := spoil(s.key(u)); err != nil {
				t.Fatal(err)
			}
			if got := meet(t, s, Listing{URL: u}); !slices.Equal(got, []string{u}) {
				t.Errorf("%d: %v", i, got)
			}
		}
	})
}

func TestManyPagesAreMetInOrder(t *testing.T) {
	redistest.Run(t, func(t *testing.T, client redis.UniversalClient) {
		now := noon
		s := newStore(client, &now)
		var listed []Listing
		var want []string
		for i := range 2*batch + 1 {
			u := fmt.Sprintf("https://example.org/%d", i)
			listed, want = append(listed, Listing{URL: u}), append(want, u)
		}
		if got := meet(t, s, listed...); !slices.Equal(got, want) {
			t.Errorf("%d pages, want %d in order", len(got), len(want))
		}
		ttl, err := client.PTTL(t.Context(), s.key(want[0])).Result()
		if err != nil || ttl <= 29*day {
			t.Errorf("remembered for %s, %v", ttl, err)
		}
	})
}

func TestATaskBlocksItsPageForAWeekAtMost(t *testing.T) {
	p := Page{URL: url, Met: noon}
	first := p.TaskID("scrape_page", noon)
	if again := p.TaskID("scrape_page", noon.Add(6*day)); again != first {
		t.Errorf("within a week %s, then %s", first, again)
	}
	if again := p.TaskID("scrape_page", noon.Add(7*day)); again == first {
		t.Errorf("after a week still %s", again)
	}
	p.Read("d", &web.Page{FetchedAt: noon.Add(hour)})
	if next := p.TaskID("scrape_page", noon.Add(hour)); next == first {
		t.Errorf("the next visit has the task %s of the first", next)
	}
}
