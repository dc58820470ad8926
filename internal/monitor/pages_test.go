package monitor

import (
	"fmt"
	"io/fs"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/mmcdole/gofeed"

	"switchyard/docs"
)

func get(t *testing.T, h *Handler, path string) *httptest.ResponseRecorder {
	t.Helper()
	w := httptest.NewRecorder()
	h.ServeHTTP(w, httptest.NewRequest(http.MethodGet, "http://localhost:8080"+path, nil))
	return w
}

func mustContain(t *testing.T, body string, wants ...string) {
	t.Helper()
	for _, want := range wants {
		if !strings.Contains(body, want) {
			t.Errorf("the page lacks %q:\n%s", want, body)
		}
	}
}

func TestAPageIsRenderedFromMarkdown(t *testing.T) {
	w := get(t, newHandler(t, nil), "/docs/manual")
	mustContain(t, w.Body.String(), `<html lang="en">`, "<title>The manual · Switchyard</title>", "<h1>The manual</h1>",
		`<link rel="canonical" href="http://localhost:8080/docs/manual">`, `type="application/atom+xml"`,
		`<time datetime="2026-11-20T00:00:00Z">20 November 2026</time>`, `content="2026-11-20T00:00:00Z"`,
		`href="/docs/redis#keys"`, `href="https://example.com/a.md"`, "<td>hash</td>")
	for _, bad := range []string{"<script", "Published: "} {
		if strings.Contains(w.Body.String(), bad) {
			t.Errorf("the page has %q", bad)
		}
	}
}

func TestAPageWithoutItsPartsIsRefusedByName(t *testing.T) {
	tests := map[string]string{
		"# T\n\nText.\n":                           `documentation page bad.md: has no publication date: add a line such as "Published: 2006-01-02" below the heading`,
		"# T\n\nPublished: soon\n\nText.\n":        `documentation page bad.md: publication date "soon": write it as 2006-01-02`,
		"Published: 2026-11-20\n\nText.\n":         "documentation page bad.md: needs a first-level heading and a paragraph",
		"# T\n\nPublished: 2026-11-20\n\n- list\n": "documentation page bad.md: needs a first-level heading and a paragraph",
	}
	for source, want := range tests {
		_, err := openLibrary(fstest.MapFS{"bad.md": {Data: []byte(source)}})
		if fmt.Sprint(err) != want {
			t.Errorf("%q: error %v, want %q", source, err, want)
		}
	}
}

func TestTheFeedIsAtomWithAbsoluteLinks(t *testing.T) {
	w := get(t, newHandler(t, nil), "/docs/feed.atom")
	if got := w.Header().Get("Content-Type"); got != "application/atom+xml; charset=utf-8" {
		t.Errorf("content type %q", got)
	}
	feed, err := gofeed.NewParser().ParseString(w.Body.String())
	if err != nil {
		t.Fatal(err)
	}
	if feed.FeedType != "atom" || len(feed.Items) != 1 || feed.FeedLink != "http://localhost:8080/docs/feed.atom" || feed.UpdatedParsed == nil || len(feed.Authors) != 1 {
		t.Fatalf("feed %+v", feed)
	}
	item := feed.Items[0]
	if item.Link != "http://localhost:8080/docs/manual" || item.GUID != item.Link || item.Title != "The manual" || item.Description != "See Redis and elsewhere." {
		t.Errorf("item %+v", item)
	}
	if item.PublishedParsed == nil || !item.PublishedParsed.Equal(time.Date(2026, 11, 20, 0, 0, 0, 0, time.UTC)) {
		t.Errorf("published %v", item.Published)
	}
}

func TestLinksFollowTheProxysScheme(t *testing.T) {
	for proto, want := range map[string]string{"https": "https://localhost/x", "http": "http://localhost/x", "javascript": "http://localhost/x"} {
		r := httptest.NewRequest(http.MethodGet, "http://localhost/docs/", nil)
		r.Header.Set("X-Forwarded-Proto", proto)
		if got := absolute(r, "/x"); got != want {
			t.Errorf("proto %q: %s, want %s", proto, got, want)
		}
	}
}

func TestEveryLinkInTheDocumentationLeadsSomewhere(t *testing.T) {
	h := newHandler(t, func(o *Options) { o.Docs = docs.Pages })
	names, err := fs.Glob(os.DirFS("../../docs"), "*.md")
	if err != nil || len(names) == 0 {
		t.Fatalf("no documentation: %v", err)
	}
	for _, name := range names {
		path := "/docs/" + strings.TrimSuffix(name, ".md")
		w := get(t, h, path)
		if w.Code != 200 {
			t.Errorf("%s: status %d", path, w.Code)
		}
		for _, part := range strings.Split(w.Body.String(), `href="/docs/`)[1:] {
			target, _, _ := strings.Cut(part, `"`)
			page, anchor, _ := strings.Cut(target, "#")
			found := get(t, h, "/docs/"+page)
			if found.Code != 200 || anchor != "" && !strings.Contains(found.Body.String(), `id="`+anchor+`"`) {
				t.Errorf("%s links to %s, which is not there", name, target)
			}
		}
	}
}

func FuzzRenderedDocumentsHaveNoScript(f *testing.F) {
	f.Add("<script>alert(1)</script>")
	f.Add("[a](javascript:alert(1)) ![x](x.md)")
	f.Fuzz(func(t *testing.T, text string) {
		d, err := readDocument("page", []byte("# T\n\nPublished: 2026-11-20\n\nText.\n\n"+text))
		if err != nil {
			t.Skip() // not a page
		}
		body := strings.ToLower(string(d.Body))
		if strings.Contains(body, "<script") || strings.Contains(body, `href="javascript:`) {
			t.Errorf("rendered %q", d.Body)
		}
	})
}
