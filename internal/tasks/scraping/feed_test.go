package scraping

import (
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"switchyard/internal/feeds"
	"switchyard/internal/pages"
	"switchyard/internal/tasks"
)

const (
	rssType  = "application/rss+xml"
	htmlType = "text/html; charset=utf-8"
)

// rss returns an RSS feed of these links, the newest first.
func rss(links ...string) string {
	var items strings.Builder
	for i, link := range links {
		fmt.Fprintf(&items, "<item><title>%d</title><link>%s</link><pubDate>Mon, 02 Feb 2026 10:%02d:00 GMT</pubDate></item>", i, link, 59-i)
	}
	return `<?xml version="1.0"?><rss version="2.0"><channel><title>News</title>` + items.String() + "</channel></rss>"
}

// sameCounts compares results and holds each against the tasks it names.
func sameCounts(got, want FeedResult) bool {
	named := len(got.Tasks) == got.Enqueued
	got.Tasks, want.Tasks = nil, nil
	got.title = ""
	return named && reflect.DeepEqual(got, want)
}

func mustScrapeFeed(t *testing.T, h Handlers, args FeedArgs) FeedResult {
	t.Helper()
	result, err := perform(t, h, args)
	if err != nil {
		t.Fatal(err)
	}
	return result.(FeedResult)
}

func TestEveryKindOfFeedIsRead(t *testing.T) {
	for _, c := range []struct{ name, contentType, body string }{
		{"RSS", rssType, rss("/a", "/b", "/c")},
		{"RSS called HTML", htmlType, rss("/a", "/b", "/c")},
		{"Atom", "application/atom+xml", `<feed xmlns="http://www.w3.org/2005/Atom">
			<entry><link rel="self" href="/no"/><link href="/c"/><updated>2026-01-01T00:00:00Z</updated></entry>
			<entry><link href="/a"/><updated>2026-01-03T00:00:00Z</updated></entry>
			<entry><link href="/b"/><published>2026-01-02T00:00:00Z</published></entry></feed>`},
		{"JSON Feed", "application/feed+json", `{"version":"https://jsonfeed.org/version/1.1","items":[
			{"id":"1","url":"/a"},{"id":"2","external_url":"/b"},{"id":"3","url":"/c"}]}`},
		{"IDs for links", rssType, `<rss version="2.0"><channel><item><guid>BASE/a</guid></item><item><guid>BASE/b</guid></item><item><guid>BASE/c</guid></item></channel></rss>`},
		{"latin-1 by header", "text/xml; charset=iso-8859-1", strings.Replace(rss("/a", "/b", "/c"), "News", "Caf\xe9", 1)},
	} {
		t.Run(c.name, func(t *testing.T) {
			feeds := site{}
			base := serve(t, feeds)
			feeds["/feed"] = answer{c.contentType, strings.ReplaceAll(c.body, "BASE", base)}
			queue := &tray{}
			result := mustScrapeFeed(t, handlers(t, queue, &shelf{}), FeedArgs{URL: base + "/feed", Source: "news"})
			if got := queue.paths(base); !slices.Equal(got, []string{"/a", "/b", "/c"}) {
				t.Fatalf("enqueued %v, want /a, /b and /c", got)
			}
			if want := (FeedResult{Feed: base + "/feed", Found: 3, Enqueued: 3}); !sameCounts(result, want) || queue.args[0].Source != "news" {
				t.Fatalf("result %+v, want %+v; args %+v", result, want, queue.args[0])
			}
		})
	}
}

func TestFeedItemsBecomeDistinctPagesWithinTheLimit(t *testing.T) {
	base := serve(t, site{"/x/feed": {rssType, rss(
		"../one", "two?utm_source=feed", "/x/two#comments", "javascript:alert(1)", "mailto:ann@example.com",
		"file:///etc/passwd", "", "http://ann:secret@example.com/", "/three", "/four",
	)}})
	queue := &tray{}
	result := mustScrapeFeed(t, handlers(t, queue, &shelf{}), FeedArgs{URL: base + "/x/feed", Limit: 3})
	if got, want := queue.paths(base), []string{"/one", "/x/two", "/three"}; !slices.Equal(got, want) {
		t.Fatalf("enqueued %v, want %v", got, want)
	}
	if want := (FeedResult{Feed: base + "/x/feed", Found: 3, Enqueued: 3, Unusable: 5}); !sameCounts(result, want) {
		t.Fatalf("result %+v, want %+v", result, want)
	}
}

func TestTheNewestItemsAreTakenWhateverTheOrder(t *testing.T) {
	base := serve(t, site{"/feed": {rssType, `<rss version="2.0"><channel>
		<item><link>/undated</link></item>
		<item><link>/old</link><pubDate>Mon, 02 Feb 2015 10:00:00 GMT</pubDate></item>
		<item><guid>/not-a-url</guid></item>
		<item><link>/new</link><pubDate>Mon, 02 Feb 2026 10:00:00 GMT</pubDate></item></channel></rss>`}})
	queue := &tray{}
	mustScrapeFeed(t, handlers(t, queue, &shelf{}), FeedArgs{URL: base + "/feed"})
	if got, want := queue.paths(base), []string{"/new", "/old", "/undated"}; !slices.Equal(got, want) {
		t.Fatalf("enqueued %v, want %v", got, want)
	}
}

func TestFiftyItemsAreTakenByDefault(t *testing.T) {
	var links []string
	for i := range DefaultLimit + 1 {
		links = append(links, fmt.Sprintf("/%d", i))
	}
	base := serve(t, site{"/feed": {rssType, rss(links...)}})
	if result := mustScrapeFeed(t, handlers(t, &tray{}, &shelf{}), FeedArgs{URL: base + "/feed"}); result.Found != 50 {
		t.Fatalf("found %d, want 50", result.Found)
	}
}

func TestTwoFeedReadsMakeOneTaskPerPage(t *testing.T) {
	base := serve(t, site{"/feed": {rssType, rss("/a", "/b", "/c")}})
	queue := &tray{}
	h := handlers(t, queue, &shelf{})
	if err := h.Pages.Put(t.Context(), pages.Page{URL: base + "/c", State: pages.Seen, Visited: time.Now()}); err != nil {
		t.Fatal(err)
	}
	for _, enqueued := range []int{2, 0} {
		result := mustScrapeFeed(t, h, FeedArgs{URL: base + "/feed"})
		if result.Enqueued != enqueued || result.Known != 3-enqueued {
			t.Fatalf("result %+v, want %d enqueued", result, enqueued)
		}
	}
	if got := queue.paths(base); !slices.Equal(got, []string{"/a", "/b"}) {
		t.Fatalf("enqueued %v, want /a and /b once", got)
	}
	// The task of /a has failed and somebody deleted it.
	clear(queue.ids)
	if result := mustScrapeFeed(t, h, FeedArgs{URL: base + "/feed"}); result.Enqueued != 2 {
		t.Fatalf("result %+v: a page whose task is gone is not tried again", result)
	}
}

func TestAPageLeadsToTheFeedItNames(t *testing.T) {
	base := serve(t, site{
		"/": {htmlType, `<base href="/feeds/"><link rel="stylesheet" href=a.css>
			<link rel="alternate" hreflang=de href=/de>
			<link rel="ALTERNATE home" type="application/atom+xml; charset=utf-8" href="all?format=atom">
			<link rel="alternate" type="application/rss+xml" href="second">`},
		"/feeds/all?format=atom": {"application/atom+xml", `<feed xmlns="http://www.w3.org/2005/Atom"><entry><link href="/a"/></entry></feed>`},
	})
	queue := &tray{}
	result := mustScrapeFeed(t, handlers(t, queue, &shelf{}), FeedArgs{URL: base + "/"})
	if result.Feed != base+"/feeds/all?format=atom" || !slices.Equal(queue.paths(base), []string{"/a"}) {
		t.Fatalf("result %+v, enqueued %v", result, queue.paths(base))
	}
}

func TestAPageWithoutAFeedIsScrapedItselfOncePerTask(t *testing.T) {
	base := serve(t, site{
		"/html":  {htmlType, "<p>Some words."},
		"/plain": {"text/plain", "Some words."},
	})
	for _, path := range []string{"/html", "/plain"} {
		queue := &tray{}
		h := handlers(t, queue, &shelf{})
		first := mustScrapeFeed(t, h, FeedArgs{URL: base + path, Source: "news"})
		again := mustScrapeFeed(t, h, FeedArgs{URL: base + path, Source: "news"})
		if !sameCounts(first, FeedResult{Found: 1, Enqueued: 1}) || !sameCounts(again, FeedResult{Found: 1, Known: 1}) {
			t.Fatalf("results %+v and %+v", first, again)
		}
		if len(queue.args) != 1 || queue.args[0] != (PageArgs{URL: base + path, Source: "news"}) {
			t.Fatalf("enqueued %+v", queue.args)
		}
	}
}

func TestItemsWithoutAPageAreDocumentsThemselves(t *testing.T) {
	base := serve(t, site{"/feed": {rssType, `<rss version="2.0"><channel><title>News</title>
		<item><guid>tag:1</guid><title>One</title><description>&lt;p&gt;First words.&lt;/p&gt;</description><pubDate>Mon, 02 Feb 2026 10:00:00 GMT</pubDate></item>
		<item><link>/log#v2</link><title>v2</title><description>Second words.</description></item>
		<item><link>/log#v1</link><title>v1</title><description>Third words.</description></item>
		<item><link>/page</link><title>Page</title><description>More words.</description></item>
		<item><title>Nothing else</title></item></channel></rss>`}})
	queue, shelf := &tray{}, &shelf{}
	result := mustScrapeFeed(t, handlers(t, queue, shelf), FeedArgs{URL: base + "/feed", Source: "news"})
	if want := (FeedResult{Feed: base + "/feed", Found: 4, Enqueued: 1, Stored: 3, Unusable: 1}); !sameCounts(result, want) {
		t.Fatalf("result %+v, want %+v", result, want)
	}
	var stored []string
	for _, d := range shelf.documents {
		stored = append(stored, strings.TrimPrefix(d.URL, base)+" "+d.Title+": "+d.Text+" "+d.Source)
	}
	if want := []string{"/feed#tag:1 One: First words. news", "/log#v2 v2: Second words. news", "/log#v1 v1: Third words. news"}; !slices.Equal(stored, want) {
		t.Fatalf("stored %q, want %q", stored, want)
	}
	if hint := queue.args[0].Feed; hint == nil || hint.Title != "Page" || hint.Text != "More words." {
		t.Fatalf("the page gets %+v of the feed", hint)
	}
}

func TestAnItemOfAFeedWithDamageIsCountedAndTheRestRead(t *testing.T) {
	base := serve(t, site{
		"/cut":  {rssType, `<rss version="2.0"><channel><item><link>/a</link></item><item><link>/b</li`},
		"/null": {"application/feed+json", `{"version":"https://jsonfeed.org/version/1","items":[null,{"url":"/a"}]}`},
	})
	for _, path := range []string{"/cut", "/null"} {
		result := mustScrapeFeed(t, handlers(t, &tray{}, &shelf{}), FeedArgs{URL: base + path})
		if want := (FeedResult{Feed: base + path, Found: 1, Enqueued: 1, Unusable: 1}); !sameCounts(result, want) {
			t.Errorf("%s: %+v, want %+v", path, result, want)
		}
	}
}

func TestWhatIsNoFeedIsPermanent(t *testing.T) {
	base := serve(t, site{
		"/xml":  {"application/xml", `<?xml version="1.0"?><nonsense/>`},
		"/json": {"application/json", `{"error":"no such feed"}`},
		"/pdf":  {"application/pdf", "%PDF-1.7"},
	})
	for path, want := range map[string]string{
		"/xml":  `scrape feed http://site/xml: content type "application/xml" holds neither a feed nor a page`,
		"/json": `scrape feed http://site/json: content type "application/json" holds neither a feed nor a page`,
		"/pdf":  `scrape feed http://site/pdf: content type "application/pdf" holds neither a feed nor a page`,
	} {
		queue := &tray{}
		_, err := perform(t, handlers(t, queue, &shelf{}), FeedArgs{URL: base + path})
		if !tasks.IsPermanent(err) || strings.ReplaceAll(fmt.Sprint(err), base, "http://site") != want || len(queue.args) > 0 {
			t.Errorf("%s: error %v, enqueued %v, want a permanent error saying %q", path, err, queue.args, want)
		}
	}
}

func TestAFeedThatCannotBeEnqueuedIsTriedAgain(t *testing.T) {
	base := serve(t, site{"/feed": {rssType, rss("/a")}, "/page": {htmlType, "<p>Words."}})
	away := errors.New("redis is away")
	for _, path := range []string{"/feed", "/page"} {
		_, err := perform(t, handlers(t, &tray{err: away}, &shelf{}), FeedArgs{URL: base + path})
		if !errors.Is(err, away) || tasks.IsPermanent(err) {
			t.Errorf("%s: error %v, want a plain one", path, err)
		}
	}
}

func FuzzEntries(f *testing.F) {
	f.Add([]byte(rss("/a", "http://[::1", "//b", "?c")), rssType)
	f.Add([]byte(`<feed xmlns="http://www.w3.org/2005/Atom" xml:base="gopher:"><entry><link href="p"/><content>x</content></entry></feed>`), "")
	f.Add([]byte(`{"version":"https://jsonfeed.org/version/1","items":[{"url":null,"content_text":"x"},null,{"url":"/a#1"},{"url":"/a#2"}]}`), "")
	f.Fuzz(func(t *testing.T, body []byte, contentType string) {
		feed, err := feeds.Read(body, contentType, "https://example.com/feed")
		if err != nil {
			return
		}
		found := readEntries(feed, "https://example.com/feed", 10, "news", time.Now())
		if len(found.pages)+len(found.whole) > 10 {
			t.Fatalf("%d pages and %d items, want at most 10", len(found.pages), len(found.whole))
		}
		urls := make(map[string]bool)
		for _, p := range found.pages {
			if err := p.Validate(); err != nil || urls[p.URL] {
				t.Fatalf("page %q: %v, or twice", p.URL, err)
			}
			urls[p.URL] = true
		}
		for _, d := range found.whole {
			if d.Text == "" || d.Title == "" || urls[d.URL] {
				t.Fatalf("document %+v", d)
			}
			urls[d.URL] = true
		}
	})
}
