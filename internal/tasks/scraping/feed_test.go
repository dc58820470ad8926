package scraping

import (
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"testing"

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
			result := mustScrapeFeed(t, Handlers{fetcher(t), &shelf{}, queue}, FeedArgs{URL: base + "/feed", Source: "news"})
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
	result := mustScrapeFeed(t, Handlers{fetcher(t), &shelf{}, queue}, FeedArgs{URL: base + "/x/feed", Limit: 3})
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
	mustScrapeFeed(t, Handlers{fetcher(t), &shelf{}, queue}, FeedArgs{URL: base + "/feed"})
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
	if result := mustScrapeFeed(t, Handlers{fetcher(t), &shelf{}, &tray{}}, FeedArgs{URL: base + "/feed"}); result.Found != 50 {
		t.Fatalf("found %d, want 50", result.Found)
	}
}

func TestTwoFeedReadsMakeOneTaskPerPage(t *testing.T) {
	base := serve(t, site{"/feed": {rssType, rss("/a", "/b", "/c")}})
	queue := &tray{}
	h := Handlers{fetcher(t), &shelf{seen: map[string]bool{base + "/c": true}}, queue}
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
	result := mustScrapeFeed(t, Handlers{fetcher(t), &shelf{}, queue}, FeedArgs{URL: base + "/"})
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
		h := Handlers{fetcher(t), &shelf{}, queue}
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

func TestWhatIsNoFeedIsPermanent(t *testing.T) {
	base := serve(t, site{
		"/cut":    {rssType, `<rss version="2.0"><channel><item><link>/a</link></item>`},
		"/null":   {"application/feed+json", `{"version":"https://jsonfeed.org/version/1","items":[null]}`},
		"/xml":    {"application/xml", `<?xml version="1.0"?><nonsense/>`},
		"/json":   {"application/json", `{"error":"no such feed"}`},
		"/pdf":    {"application/pdf", "%PDF-1.7"},
		"/circle": {htmlType, `<link rel="alternate" type="application/rss+xml" href="/circle">`},
		"/file":   {htmlType, `<link rel="alternate" type="application/rss+xml" href="file:///etc/passwd">`},
		"/gone":   {htmlType, `<link rel="alternate" type="application/rss+xml" href="/none">`},
	})
	for path, want := range map[string]string{
		"/cut":    "scrape feed http://site/cut: the feed cannot be read: XML syntax error on line 1: unexpected EOF",
		"/null":   "scrape feed http://site/null: the feed cannot be read: the parser broke down: runtime error: invalid memory address or nil pointer dereference",
		"/xml":    `scrape feed http://site/xml: content type "application/xml" holds neither a feed nor a page`,
		"/json":   "scrape feed http://site/json: the feed cannot be read: it is JSON but not a JSON Feed, whose version begins with https://jsonfeed.org/version/",
		"/pdf":    `scrape feed http://site/pdf: content type "application/pdf" holds neither a feed nor a page`,
		"/circle": "fetch http://site/circle: redirect refused: redirect loop back to http://site/circle",
		"/file":   `fetch http://site/file: redirect refused: URL file:///etc/passwd has the scheme "file": use http or https`,
		"/gone":   "fetch http://site/gone: the server answered 404 Not Found for http://site/none",
	} {
		queue := &tray{}
		_, err := perform(t, Handlers{fetcher(t), &shelf{}, queue}, FeedArgs{URL: base + path})
		if !tasks.IsPermanent(err) || strings.ReplaceAll(fmt.Sprint(err), base, "http://site") != want || len(queue.args) > 0 {
			t.Errorf("%s: error %v, enqueued %v, want a permanent error saying %q", path, err, queue.args, want)
		}
	}
}

func TestAFeedThatCannotBeEnqueuedIsTriedAgain(t *testing.T) {
	base := serve(t, site{"/feed": {rssType, rss("/a")}, "/page": {htmlType, "<p>Words."}})
	away := errors.New("redis is away")
	for _, path := range []string{"/feed", "/page"} {
		_, err := perform(t, Handlers{fetcher(t), &shelf{}, &tray{err: away}}, FeedArgs{URL: base + path})
		if !errors.Is(err, away) || tasks.IsPermanent(err) {
			t.Errorf("%s: error %v, want a plain one", path, err)
		}
	}
}

func FuzzEntries(f *testing.F) {
	f.Add([]byte(rss("/a", "http://[::1", "//b", "?c")), rssType)
	f.Add([]byte(`<feed xmlns="http://www.w3.org/2005/Atom" xml:base="gopher:"><entry><link href="p"/></entry></feed>`), "")
	f.Add([]byte(`{"version":"https://jsonfeed.org/version/1","items":[{"url":null},null]}`), "")
	f.Fuzz(func(t *testing.T, body []byte, contentType string) {
		urls, _, err := entries(pageOf("https://example.com/feed", contentType, string(body)), 10)
		if err != nil {
			return
		}
		if len(urls) > 10 {
			t.Fatalf("%d URLs, want at most 10", len(urls))
		}
		for i, u := range urls {
			if err := (PageArgs{URL: u}).Validate(); err != nil || slices.Contains(urls[:i], u) {
				t.Fatalf("entry %q: %v, or twice", u, err)
			}
		}
	})
}
