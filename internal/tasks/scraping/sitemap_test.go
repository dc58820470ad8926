package scraping

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"switchyard/internal/sitemaps"
	"switchyard/internal/sources"
	"switchyard/internal/tasks"
	"switchyard/test/redistest"
)

// visitAll performs a task, and those that it has sent to go on with its visit, and returns their
// results.
func (s *stage) visitAll(args tasks.Args) (results []FeedResult) {
	s.t.Helper()
	s.queue.parts = nil
	s.visits++
	for id := fmt.Sprint("t", s.visits); ; id = fmt.Sprintf("t%d-part-%d", s.visits, len(results)) {
		payload, err := tasks.Encode(args)
		if err != nil {
			s.t.Fatal(err)
		}
		result, err := s.ByKind()[args.Kind()](s.t.Context(), &tasks.Task{ID: id, Kind: args.Kind(), Payload: payload, Attempt: 1})
		if err != nil {
			s.t.Fatalf("%s: %v", id, err)
		}
		if results = append(results, result.(FeedResult)); len(results) > len(s.queue.parts) {
			return results
		}
		args = s.queue.parts[len(results)-1]
	}
}

// sent returns the paths of what was sent, and forgets them.
func (s *stage) sent() string {
	paths := strings.Join(s.queue.paths(s.base), " ")
	s.queue.args = nil
	return paths
}

func urlset(base string, entries ...string) string {
	var b strings.Builder
	for _, e := range entries {
		path, modified, _ := strings.Cut(e, " ")
		if !strings.HasPrefix(path, "http") {
			path = base + path
		}
		fmt.Fprintf(&b, "<url><loc>%s</loc><lastmod>%s</lastmod></url>", path, modified)
	}
	return "<urlset>" + b.String() + "</urlset>"
}

func sitemapIndex(base string, entries ...string) string {
	return strings.NewReplacer("urlset>", "sitemapindex>", "url>", "sitemap>").Replace(urlset(base, entries...))
}

func TestTheNewestPagesOfASitemapAreSentAndOnlyThoseOfItsSite(t *testing.T) {
	redistest.Run(t, func(t *testing.T, client redis.UniversalClient) {
		s := onStage(t, client)
		s.server.say("/sitemap.xml", urlset(s.base, "/old 2020-01-01", "/new 2026-02-02", "https://example.org/theirs 2026-03-03", "/undated", "/mid 2025-01-01"))
		args := SitemapArgs{URL: s.base + "/sitemap.xml", Source: "paper", Limit: 3}
		got := s.visitAll(args)
		if want := (FeedResult{Feed: args.URL, Found: 3, Enqueued: 3, Unusable: 1}); len(got) != 1 || !sameCounts(got[0], want) {
			t.Errorf("results %+v, want %+v", got, want)
		}
		if hint := s.queue.args[0].Feed; hint == nil || !hint.Updated.Equal(time.Date(2026, 2, 2, 0, 0, 0, 0, time.UTC)) {
			t.Errorf("the page is told %+v", hint)
		}
		if got := s.sent(); got != "/new /mid /old" {
			t.Errorf("sent %s", got)
		}
		if got := s.visitAll(args); !got[0].Unchanged || s.server.sent["/sitemap.xml"] != 1 {
			t.Errorf("a sitemap that is as it was: %+v", got)
		}
	})
}

func TestASitemapThatSaysThatAPageHasChangedHasItFetchedAgain(t *testing.T) {
	s := onStage(t, redistest.Client(t, redistest.Mini(t).Addr()))
	s.server.say("/a", "<title>A</title><p>Some words.")
	s.page("/a", "paper")
	s.now = s.now.Add(24 * time.Hour)
	changed := s.now.Add(-time.Hour).UTC().Format(time.RFC3339)
	s.server.say("/sitemap.xml", urlset(s.base, "/a "+changed))
	s.visitAll(SitemapArgs{URL: s.base + "/sitemap.xml", Source: "paper"})
	if got := s.sent(); got != "/a" {
		t.Errorf("sent %q", got)
	}
}

func TestTheSitemapsOfAnIndexAreReadNewestFirstUntilTheLimit(t *testing.T) {
	redistest.Run(t, func(t *testing.T, client redis.UniversalClient) {
		s := onStage(t, client)
		s.server.say("/index.xml", sitemapIndex(s.base, "/1.xml 2020-01-01", "/2.xml 2026-01-01", "/dead.xml 2026-02-01", "/3.xml 2025-01-01", "https://example.org/4.xml 2026-09-01"))
		s.server.say("/1.xml", urlset(s.base, "/1a 2020-01-01"))
		s.server.say("/2.xml", urlset(s.base, "/2a 2026-01-01", "/2b 2025-12-01"))
		s.server.say("/3.xml", urlset(s.base, "/3a 2025-01-01", "/3b 2024-12-01"))
		s.server.be("/dead.xml", 404)
		for range 2 { // an index that is as it was may have sitemaps that are not
			got := s.visitAll(SitemapArgs{URL: s.base + "/index.xml", Source: "paper", Limit: 3})
			if len(got) != 4 || got[0].Found != 0 || !strings.HasSuffix(got[1].Error, "404 Not Found") || got[2].Found != 2 || got[3].Found != 1 || got[3].Continued {
				t.Errorf("results %+v", got)
			}
		}
		if got := s.sent(); got != "/2a /2b /3a" {
			t.Errorf("sent %s", got)
		}
		report, err := s.Sources.(*sources.Store).Report(t.Context(), "paper")
		if err != nil || report.Last.Found != 3 || report.Last.URL != s.base+"/index.xml" || report.Failures != 0 {
			t.Errorf("the source %+v, %v", report, err)
		}
	})
}

func TestAHostileIndexIsReadWithinBounds(t *testing.T) {
	s := onStage(t, redistest.Client(t, redistest.Mini(t).Addr()))
	var children []string
	for i := range 100 {
		path := fmt.Sprintf("/%d.xml", i)
		children = append(children, path)
		s.server.say(path, sitemapIndex(s.base, "/index.xml", path, path+"?again")) // it leads in circles
	}
	s.server.say("/index.xml", sitemapIndex(s.base, children...))
	if got := s.visitAll(SitemapArgs{URL: s.base + "/index.xml"}); len(got) != 1+maxChildren || len(s.queue.args) != 0 {
		t.Errorf("%d tasks, sent %v", len(got), s.queue.args)
	}
}

func TestTheSitemapsOfASiteAreFoundInItsRobotsTxt(t *testing.T) {
	for name, c := range map[string]struct{ robots, want string }{
		"named":     {"User-agent: *\nDisallow: /x\nSITEMAP: /news.xml # the news\nSitemap: https://example.org/theirs.xml\n", "/news"},
		"not named": {"User-agent: *\n", "/usual"},
		"none":      {"", "/usual"},
	} {
		t.Run(name, func(t *testing.T) {
			for _, path := range []string{"/", "/robots.txt", ""} {
				s := onStage(t, redistest.Client(t, redistest.Mini(t).Addr()))
				s.server.say("/robots.txt", c.robots)
				if c.robots == "" {
					s.server.be("/robots.txt", http.StatusNotFound)
				}
				s.server.say("/news.xml", urlset(s.base, "/news"))
				s.server.say("/sitemap.xml", urlset(s.base, "/usual"))
				if got := s.visitAll(SitemapArgs{URL: s.base + path, Source: "paper"}); len(got) != 2 || s.sent() != c.want {
					t.Errorf("%q: results %+v", path, got)
				}
			}
		})
	}
}

func TestWhatIsNoSitemapSaysSo(t *testing.T) {
	base := serve(t, site{"/page": {htmlType, "<p>Words."}})
	_, err := perform(t, handlers(t, &tray{}, &shelf{}), SitemapArgs{URL: base + "/page"})
	if want := "scrape sitemap " + base + "/page: " + sitemaps.ErrNone.Error(); !tasks.IsPermanent(err) || fmt.Sprint(err) != want {
		t.Errorf("error %v, want %s", err, want)
	}
}

func TestTheArgumentsOfVisitsAreChecked(t *testing.T) {
	course := &Course{URL: "https://example.org/", Parts: []Part{{URL: "ftp://x"}}, Step: 1}
	for want, args := range map[string]tasks.Validator{
		`field "limit" is 501: use 1 to 500, or leave it out for 50`:                                           SitemapArgs{URL: "https://example.org/", Limit: 501},
		`field "depth" is 4: use 1 to 3, or leave it out for 1`:                                                SiteArgs{URL: "https://example.org/", Depth: 4},
		`field "course" is at step 0 of 0: leave it out, it is for the tasks that a visit sends itself`:        SiteArgs{URL: "https://example.org/", Course: &Course{}},
		`field "course" has a part that cannot be read: URL ftp://x has the scheme "ftp": use http or https`:   SitemapArgs{URL: "https://example.org/", Course: course},
		`field "url": URL is empty: give one such as https://example.com/news`:                                 SitemapArgs{},
		`field "course" counts less than nothing: leave it out, it is for the tasks that a visit sends itself`: SiteArgs{URL: "https://example.org/", Course: &Course{Parts: []Part{{URL: "https://example.org/"}}, Step: 1, New: -1}},
	} {
		if err := args.Validate(); fmt.Sprint(err) != want {
			t.Errorf("error %v, want %s", err, want)
		}
	}
}

func FuzzSitemap(f *testing.F) {
	f.Add([]byte(urlset("https://example.com", "/a 2026-01-01", "https://example.org/b", "javascript:x")))
	f.Add([]byte(sitemapIndex("https://example.com", "/a.xml", "/index.xml")))
	f.Add([]byte("https://example.com/a\nhttps://EXAMPLE.com/%zz\n"))
	f.Fuzz(func(t *testing.T, body []byte) {
		const address = "https://example.com/index.xml"
		s, err := sitemaps.Read(body, "", address)
		if err != nil {
			return
		}
		listed, _ := pagesOf(s, address, 10, "paper")
		v := &visit{course: Course{URL: address}}
		v.addChildren(s.Sitemaps, address)
		if len(listed) > 10 || len(v.course.Parts) > maxChildren {
			t.Fatalf("%d pages, %d sitemaps", len(listed), len(v.course.Parts))
		}
		var urls []string
		for _, p := range listed {
			if err := p.Validate(); err != nil {
				t.Fatal(err)
			}
			urls = append(urls, p.URL)
		}
		slices.Sort(urls)
		if len(slices.Compact(urls)) != len(listed) {
			t.Fatalf("%q repeats pages", urls)
		}
		if v.course.Step = 1; len(v.course.Parts) > 0 && v.course.validate() != nil {
			t.Fatal(v.course.validate())
		}
	})
}
