package monitor

import (
	"context"
	"errors"
	"fmt"
	"html"
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

func TestFrontPageLinksEveryPartAndSumsUpTheQueues(t *testing.T) {
	h := newHandler(t, func(o *Options) {
		o.Queues = fakeQueues{sizes: []QueueSize{{Name: "agents", Waiting: 41, Paused: true}}}
	})
	w := get(t, h, "/")
	mustContain(t, w.Body.String(), `<td><a href="/asynqmon/queues/agents">agents</a> <span class="tag">paused</span></td><td class="number">41</td><td class="number">0</td>`)
	for _, path := range []string{"/briefings/", "/schedule/", "/asynqmon/", "/docs/", "/metrics", "/readyz", "/healthz", "/style.css"} {
		mustContain(t, w.Body.String(), `href="`+path+`"`)
		if page := get(t, h, path); page.Code != 200 {
			t.Errorf("%s: status %d", path, page.Code)
		}
	}
}

func TestWhatIsAwayIsSaidAndNotShownRaw(t *testing.T) {
	away := errors.New("dial tcp 10.1.2.3:6379: secret detail")
	h := newHandler(t, func(o *Options) {
		o.Briefings, o.Schedule, o.Queues, o.Brake = fakeBriefings{err: away}, fakeSchedule{err: away}, fakeQueues{err: away}, fakeBrake{err: away}
	})
	for path, want := range map[string]struct {
		status int
		said   string
	}{
		"/": {200, "The queues"}, "/briefings/": {503, "The briefings"}, "/briefings/b1": {503, "The briefing"}, "/schedule/": {503, "The schedule"},
	} {
		w := get(t, h, path)
		if w.Code != want.status {
			t.Errorf("%s: status %d, want %d", path, w.Code, want.status)
		}
		mustContain(t, html.UnescapeString(w.Body.String()), want.said+" cannot be read now. Reload in a moment; the monitor's log says why.")
		if strings.Contains(w.Body.String(), "secret detail") {
			t.Errorf("%s shows the error", path)
		}
	}
}

func TestABriefingCannotRunOrLoadAnything(t *testing.T) {
	h := newHandler(t, func(o *Options) {
		o.Briefings = fakeBriefings{title: `<script>title()</script>`, body: `<p onclick="evil()">Good <b>news</b></p>
<script>evil()</script><iframe src="https://elsewhere.example"></iframe><img src="https://elsewhere.example/pixel.png">
<a href="javascript:evil()">a</a><a href="https://example.com/story">story</a><a href="/asynqmon/">inside</a>
<form action="/asynqmon/api/queues/agents:pause" method="post"><button>go</button></form><style>body{display:none}</style>
<svg onload="evil()"></svg><p style="position:fixed">styled</p>`}
	})
	w := get(t, h, "/briefings/b1")
	body := strings.ToLower(w.Body.String())
	mustContain(t, body, "good <b>news</b>", `href="https://example.com/story"`, "&lt;script&gt;title()")
	_, article, _ := strings.Cut(body, "<article>")
	for _, bad := range []string{"<script", "evil()", "<iframe", "<img", "javascript:", "<form", "<button", "<style", "<svg", "style=", `"/asynqmon/"`} {
		if strings.Contains(article, bad) {
			t.Errorf("the briefing has %q:\n%s", bad, article)
		}
	}
	policy := w.Header().Get("Content-Security-Policy")
	mustContain(t, policy, "default-src 'none'", "form-action 'none'", "frame-ancestors 'none'")
	if strings.Contains(policy, "script-src") || strings.Contains(policy, "unsafe") {
		t.Errorf("policy %q allows scripts", policy)
	}
}

func TestBriefingsAreListedAndMissingOnesSaidMissing(t *testing.T) {
	written := time.Date(2026, 11, 23, 8, 0, 0, 0, time.UTC)
	h := newHandler(t, func(o *Options) {
		o.Briefings = fakeBriefings{list: []BriefingSummary{{ID: "a b/c", User: "mia", Title: "Monday", Created: written}}}
	})
	mustContain(t, get(t, h, "/briefings/").Body.String(), `<td><a href="/briefings/a%20b%2Fc">Monday</a></td><td><a href="?user=mia">mia</a></td><td><time datetime="2026-11-23T08:00:00Z">2026-11-23 08:00:00 UTC</time></td>`)
	for _, path := range []string{"/briefings/nope", "/briefings/" + strings.Repeat("x", 5000), "/docs/nope", "/docs/..%2fmonitor.go"} {
		if w := get(t, h, path); w.Code != 404 || w.Body.Len() > 5000 {
			t.Errorf("%.40s: status %d with %d bytes, want a short 404", path, w.Code, w.Body.Len())
		}
	}
}

func TestScheduleShowsTimesInTheirZone(t *testing.T) {
	berlin, err := time.LoadLocation("Europe/Berlin")
	if err != nil {
		t.Fatal(err)
	}
	h := newHandler(t, func(o *Options) {
		o.Schedule = fakeSchedule{rows: []ScheduleRow{{
			Entry: "mia", Kind: "briefing_generate", Spec: "0 8 * * *", Zone: "Europe/Berlin",
			Next: time.Date(2026, 11, 24, 8, 0, 0, 0, berlin),
		}}}
	})
	mustContain(t, get(t, h, "/schedule/").Body.String(), `<td>mia</td><td><code>briefing_generate</code></td><td><code>0 8 * * *</code></td><td>Europe/Berlin</td><td><time datetime="2026-11-24T07:00:00Z">2026-11-24 08:00:00 CET</time></td><td>never</td>`)
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

func TestReadsHaveADeadline(t *testing.T) {
	get(t, newHandler(t, func(o *Options) { o.Schedule = deadlineSchedule{t} }), "/schedule/")
}

type deadlineSchedule struct{ t *testing.T }

func (s deadlineSchedule) Entries(ctx context.Context, _ int) ([]ScheduleRow, error) {
	if _, ok := ctx.Deadline(); !ok {
		s.t.Error("the schedule is read without a deadline")
	}
	return nil, nil
}
