package monitor

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/mmcdole/gofeed/atom"
)

// fakeReaders know one address that opens an archive, and one that ends mails.
type fakeReaders struct {
	left []string
	err  error
}

func (f *fakeReaders) Find(_ context.Context, secret string) (ReaderLink, bool, error) {
	l, ok := map[string]ReaderLink{"OPENS": {User: "mia"}, "LEAVES": {User: "mia", Channel: "email"}}[secret]
	return l, ok, f.err
}

func (f *fakeReaders) Leave(_ context.Context, l ReaderLink, from string) error {
	f.left = append(f.left, l.User+" "+l.Channel+" "+from)
	return f.err
}

func withReaders(t *testing.T, readers *fakeReaders) *Handler {
	return newHandler(t, func(o *Options) {
		withUsers(t)(o)
		o.Readers = readers
		var list []BriefingSummary
		for i := range 40 {
			at := time.Date(2026, 11, 23, 8, 0, 0, 0, time.UTC).AddDate(0, 0, -i)
			list = append(list, BriefingSummary{ID: fmt.Sprintf("b%d", i), User: "mia", Title: "Briefing for mia", Created: at, Items: i})
		}
		list = append(list, BriefingSummary{ID: "other", User: "bob", Title: "Of bob"})
		o.Briefings = fakeBriefings{list: list, title: "Briefing <for> mia", body: "<h1>Briefing</h1><p>Tides & <b>trains</b>\x01</p><script>evil()</script>"}
	})
}

func ask(t *testing.T, h http.Handler, method, path string, header http.Header) *httptest.ResponseRecorder {
	t.Helper()
	r := httptest.NewRequestWithContext(t.Context(), method, path, nil)
	for name, values := range header {
		r.Header[name] = values
	}
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	return w
}

func TestAReaderSeesTheirArchiveWithoutSigningInAndNothingElse(t *testing.T) {
	h := withReaders(t, &fakeReaders{})
	w := ask(t, h, "GET", "/read/OPENS/", nil)
	page := w.Body.String()
	mustContain(t, page, "<h2>November 2026</h2>", "<h2>October 2026</h2>", `href="b0"`, "Monday 23 November, 08:00", `href="?before=1792828800"`, `href="feed.atom"`)
	for _, bad := range []string{"/asynqmon", "/docs", "/schedule", "/metrics", "bob", "<script", "mia"} {
		if strings.Contains(page, bad) {
			t.Errorf("the archive has %q", bad)
		}
	}
	if w.Header().Get("Referrer-Policy") != "no-referrer" || w.Header().Get("X-Robots-Tag") != "noindex, nofollow" {
		t.Errorf("header %v", w.Header())
	}
	for path, want := range map[string]int{
		"/read/OPENS/b1": 200, "/read/style.css": 200, "/favicon.ico": 204, "/read/OPENS/feed.atom": 200, "/read/OPENS": 307,
		"/read/OPENS/nope": 404, "/read/OPENS/other": 404, "/read/LEAVES/": 404, "/read/guess/": 404, "/read/guess/b1": 404, "/read/guess/feed.atom": 404,
		"/read/": 404, "/unsubscribe/OPENS": 404, "/unsubscribe/guess": 404, "/briefings/b1": 401, "/": 401,
	} {
		if w := ask(t, h, "GET", path, nil); w.Code != want {
			t.Errorf("%s: %d, want %d", path, w.Code, want)
		}
	}
	briefing := ask(t, h, "GET", "/read/OPENS/b1", nil).Body.String()
	mustContain(t, briefing, "<title>Briefing &lt;for&gt; mia</title>", "Tides &amp; <b>trains</b>", `<a href="./">`)
	if strings.Contains(briefing, "evil") {
		t.Errorf("the page has a script:\n%s", briefing)
	}
}

func TestUnsubscribingTakesAPostAndNothingLess(t *testing.T) {
	readers := &fakeReaders{}
	h := withReaders(t, readers)
	for _, method := range []string{"GET", "HEAD"} { // as programs do that look into mails
		w := ask(t, h, method, "/unsubscribe/LEAVES", nil)
		if w.Code != 200 || len(readers.left) != 0 {
			t.Fatalf("%s: %d, left %q", method, w.Code, readers.left)
		}
	}
	w := ask(t, h, "GET", "/unsubscribe/LEAVES", nil)
	mustContain(t, w.Body.String(), `<form method="post">`, "no more briefings by email?")
	mustContain(t, w.Header().Get("Content-Security-Policy"), "form-action 'self'", "default-src 'none'")
	// A mail program sends no cookies, and its Origin is another.
	w = ask(t, h, "POST", "/unsubscribe/LEAVES", http.Header{"Origin": {"https://mail.example"}, "Sec-Fetch-Site": {"cross-site"}})
	mustContain(t, w.Body.String(), "You get no more briefings by email.")
	if w.Code != 200 || fmt.Sprint(readers.left) != "[mia email 192.0.2.1]" {
		t.Errorf("%d, left %q", w.Code, readers.left)
	}
	for _, path := range []string{"/unsubscribe/guess", "/unsubscribe/OPENS", "/read/OPENS/"} {
		if w := ask(t, h, "POST", path, nil); w.Code == 200 || len(readers.left) != 1 {
			t.Errorf("%s: %d, left %q", path, w.Code, readers.left)
		}
	}
	readers.err = errors.New("redis is away at 10.0.0.1")
	if w := ask(t, h, "POST", "/unsubscribe/LEAVES", nil); w.Code != 503 || strings.Contains(w.Body.String(), "10.0.0.1") {
		t.Errorf("%d\n%s", w.Code, w.Body.String())
	}
}

func TestAReadersFeedIsAtomAndIsSentOnlyIfItHasChanged(t *testing.T) {
	h := withReaders(t, &fakeReaders{})
	w := ask(t, h, "GET", "/read/OPENS/feed.atom", nil)
	feed, err := new(atom.Parser).Parse(strings.NewReader(w.Body.String()))
	if err != nil || w.Header().Get("Content-Type") != "application/atom+xml; charset=utf-8" {
		t.Fatalf("%v\n%s", err, w.Body.String())
	}
	if feed.Title != "Your briefings" || len(feed.Entries) != 1 || feed.UpdatedParsed == nil || !strings.HasPrefix(feed.ID, "urn:uuid:") {
		t.Errorf("feed %+v", feed) // of the fakes only b1 is there
	}
	entry := feed.Entries[0]
	if entry.Content.Type != "html" || !strings.Contains(entry.Content.Value, "<b>trains</b>") || strings.Contains(entry.Content.Value, "evil") || entry.Links[0].Href != "http://example.com/read/OPENS/b1" {
		t.Errorf("entry %+v, %+v", entry, entry.Content)
	}
	tag := w.Header().Get("ETag")
	if again := ask(t, h, "GET", "/read/OPENS/feed.atom", http.Header{"If-None-Match": {tag}}); tag == "" || again.Code != 304 || again.Body.Len() != 0 {
		t.Errorf("asked again with %s: %d, %d bytes", tag, again.Code, again.Body.Len())
	}
	if other := ask(t, h, "GET", "/read/OPENS/feed.atom", http.Header{"If-None-Match": {`"other"`}}); other.Code != 200 {
		t.Errorf("with another tag: %d", other.Code)
	}
}
