package scraping

import (
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"switchyard/internal/sources"
	"switchyard/internal/web"
	"switchyard/test/redistest"
)

// linksTo returns a page with these links.
func linksTo(links ...string) string {
	return `<a href="` + strings.Join(links, `">x</a><a href="`) + `">x</a>`
}

func TestTheLinksOfASiteAreFollowedInReadingOrder(t *testing.T) {
	redistest.Run(t, func(t *testing.T, client redis.UniversalClient) {
		s := onStage(t, client)
		s.server.say("/", linksTo("/a", "/b", "https://example.org/", "/a#again", "/c.pdf"))
		s.server.say("/a", linksTo("/", "/a1", "/b"))
		s.server.say("/b", linksTo("/b1", "/b2", "/b3"))
		if got := s.visitAll(SiteArgs{URL: s.base + "/", Source: "paper"}); len(got) != 1 || s.sent() != "/a /b" {
			t.Errorf("one link deep: %+v", got)
		}
		clear(s.queue.ids)
		if got := s.visitAll(SiteArgs{URL: s.base + "/", Source: "deep", Depth: 2, Limit: 5}); len(got) != 3 || s.sent() != "/a /b /a1 /b1 /b2" {
			t.Errorf("two links deep: %+v", got)
		}
		report, err := s.Sources.(*sources.Store).Report(t.Context(), "deep")
		if err != nil || report.Last.New != 5 || report.Last.URL != s.base+"/" {
			t.Errorf("the source %+v, %v", report, err)
		}
		if got := s.visitAll(SiteArgs{URL: s.base + "/", Source: "paper"}); !got[0].Unchanged {
			t.Errorf("a page that is as it was: %+v", got)
		}
	})
}

// endless is a site where each page links to new ones, a hundred each.
func endless(w http.ResponseWriter, r *http.Request) {
	var links []string
	for i := range 100 {
		links = append(links, fmt.Sprintf("%s-%d", r.URL.Path, i), fmt.Sprintf("/calendar?day=%s%d", r.URL.Path[1:], i), fmt.Sprintf("/s?sid=%d", i))
	}
	w.Header().Set("Content-Type", htmlType)
	_, _ = fmt.Fprint(w, linksTo(links...))
}

func TestASiteWithoutAnEndIsLeftAtTheLimit(t *testing.T) {
	s := onStage(t, redistest.Client(t, redistest.Mini(t).Addr()))
	s.base = serve(t, http.HandlerFunc(endless))
	got := s.visitAll(SiteArgs{URL: s.base + "/x", Source: "trap", Depth: 3, Limit: MaxLimit})
	if len(s.queue.args) != MaxLimit || len(got) > 1+maxParts {
		t.Errorf("%d pages sent by %d tasks", len(s.queue.args), len(got))
	}
	for _, a := range s.queue.args {
		if strings.Contains(a.URL, "sid=") {
			t.Errorf("a session was followed: %s", a.URL)
		}
	}
}

func TestAPageThatLeadsToAnotherSiteIsNotFollowedThere(t *testing.T) {
	s := onStage(t, redistest.Client(t, redistest.Mini(t).Addr()))
	other := newMoody()
	other.say("/", linksTo("/theirs"))
	elsewhere := serve(t, other)
	s.base = serve(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/out" {
			http.Redirect(w, r, elsewhere+"/", http.StatusFound)
			return
		}
		w.Header().Set("Content-Type", htmlType)
		_, _ = fmt.Fprint(w, linksTo("/out", "/in"))
	}))
	got := s.visitAll(SiteArgs{URL: s.base + "/", Source: "paper", Depth: 2})
	if len(got) != 3 || !strings.Contains(got[1].Error, "leads to another site") || s.sent() != "/out /in" {
		t.Errorf("results %+v", got)
	}
}

func TestTrapsAreNotFollowed(t *testing.T) {
	for link, want := range map[string]bool{
		"https://x.org/a?page=2":                    false,
		"https://x.org/2026/11/26/a-story":          false,
		"https://x.org/a/b/a/b/a":                   true,
		"https://x.org/1/2/3/4/5/6/7/8/9":           true,
		"https://x.org/a?PHPSESSID=1":               true,
		"https://x.org/a;jsessionid=1":              true,
		"https://x.org/a?a=1&b=2&c=3&d=4":           true,
		"https://x.org/" + strings.Repeat("a", 500): true,
	} {
		u, err := url.Parse(link)
		if err != nil || isTrap(u) != want {
			t.Errorf("%s: %v, want %v", link, isTrap(u), want)
		}
	}
}

func TestAFeedThatIsDeadGivesWayToTheNext(t *testing.T) {
	const dead, none = `<link rel="alternate" type="application/rss+xml" href="/dead">`, `<link rel="alternate" type="application/rss+xml" href="/none">`
	for name, c := range map[string]struct{ page, asked, sent string }{
		"the second is one":         {dead + `<link rel="alternate" type="application/rss+xml" href="/live">`, "/dead /live", "/a"},
		"the page announces itself": {`<link rel="alternate" type="application/rss+xml" href="/"><link rel="alternate" type="application/rss+xml" href="/live">`, "/live", "/a"},
		"none is":                   {dead + none, "/dead /none /feed /feed.xml /rss.xml", "/"},
		"none is announced":         {"<p>Words.", "/feed /feed.xml /rss.xml", "/"},
	} {
		t.Run(name, func(t *testing.T) {
			s := onStage(t, redistest.Client(t, redistest.Mini(t).Addr()))
			s.server.say("/", c.page)
			s.server.say("/none", "<p>Words.")
			s.server.say("/live", rss("/a"))
			for _, path := range []string{"/dead", "/feed", "/feed.xml", "/rss.xml"} {
				s.server.be(path, 404)
			}
			s.visitAll(FeedArgs{URL: s.base + "/", Source: "paper"})
			for path := range strings.FieldsSeq("/dead /none /live /feed /feed.xml /rss.xml") {
				want := 0
				if strings.Contains(" "+c.asked+" ", " "+path+" ") {
					want = 1
				}
				if s.server.asked[path] != want {
					t.Errorf("%s was asked %d times, want %d", path, s.server.asked[path], want)
				}
			}
			if got := s.sent(); got != c.sent {
				t.Errorf("sent %s, want %s", got, c.sent)
			}
			// The next visit does not guess again.
			s.server.say("/", c.page+" ")
			s.visitAll(FeedArgs{URL: s.base + "/", Source: "paper"})
			if n := s.server.asked["/feed"]; n > 1 {
				t.Errorf("/feed was asked %d times", n)
			}
		})
	}
}

func TestAFeedWhoseServerIsAwayIsAwaited(t *testing.T) {
	s := onStage(t, redistest.Client(t, redistest.Mini(t).Addr()))
	s.server.say("/feed", `<link rel="alternate" type="application/rss+xml" href="/away">`)
	s.server.be("/away", 503)
	if got := s.feed("paper"); got != "again in 5m0s" || s.sent() != "" {
		t.Errorf("the visit: %s", got)
	}
}

func TestWhatHasMovedForGoodIsAskedForWhereItIs(t *testing.T) {
	redistest.Run(t, func(t *testing.T, client redis.UniversalClient) {
		s := onStage(t, client)
		s.server.say("/to", rss("/a"))
		s.server.say("/to-page", "<title>A</title><p>Some words.")
		asked := map[string]int{}
		s.base = serve(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			asked[r.URL.Path]++
			switch r.URL.Path {
			case "/feed":
				http.Redirect(w, r, "/to", http.StatusMovedPermanently)
			case "/page":
				http.Redirect(w, r, "/to-page", http.StatusPermanentRedirect)
			default:
				s.server.ServeHTTP(w, r)
			}
		}))
		for range 2 {
			s.feed("paper")
			s.page("/page", "paper")
		}
		if asked["/feed"] != 1 || asked["/to"] != 2 || asked["/page"] != 1 || asked["/to-page"] != 2 {
			t.Errorf("asked %v", asked)
		}
		report, err := s.Sources.(*sources.Store).Report(t.Context(), "paper")
		if err != nil || report.Last.Moved != s.base+"/to" {
			t.Errorf("the source %+v, %v", report, err)
		}
		s.server.be("/to", 404) // the old address is asked again
		s.feed("paper")
		s.feed("paper")
		if asked["/feed"] != 2 {
			t.Errorf("asked %v", asked)
		}
	})
}

func FuzzFollowed(f *testing.F) {
	f.Add([]byte(linksTo("/a", "//b", "?c=1", "https://example.com:443/d/../e", "mailto:x", "/%zz")))
	f.Add([]byte(`<base href="https://example.org/"><a href="x"><area href='/y?sid=1'>`))
	f.Fuzz(func(t *testing.T, body []byte) {
		seen := make(map[string]bool)
		for _, link := range followed(&web.Page{URL: "https://example.com/", ContentType: htmlType, Body: body, FetchedAt: time.Now()}) {
			if err := (PageArgs{URL: link}).Validate(); err != nil || seen[link] || len(link) > maxLink || canonical(link) != link {
				t.Fatalf("%q: %v, or twice, or too long, or not canonical", link, err)
			}
			seen[link] = true
		}
	})
}
