package sitemaps

import (
	"bytes"
	"compress/gzip"
	"errors"
	"fmt"
	"net/url"
	"strings"
	"testing"
	"time"
)

const head = `<?xml version="1.0" encoding="UTF-8"?><urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9" xmlns:news="http://www.google.com/schemas/sitemap-news/0.9">`

func read(t *testing.T, body string) *Sitemap {
	t.Helper()
	s, err := Read([]byte(body), "", "https://x.test/maps/sitemap.xml")
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// listed returns the pages of a sitemap as one string.
func listed(pages []Page) string {
	var all []string
	for _, p := range pages {
		s := p.URL
		if !p.Modified.IsZero() {
			s += " " + p.Modified.Format(time.RFC3339)
		}
		if p.Title != "" {
			s += " " + p.Title + " " + p.Published.Format(time.RFC3339)
		}
		all = append(all, s)
	}
	return strings.Join(all, ", ")
}

func zipped(t *testing.T, text string) string {
	t.Helper()
	var out bytes.Buffer
	z := gzip.NewWriter(&out)
	if _, err := z.Write([]byte(text)); err != nil {
		t.Fatal(err)
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	return out.String()
}

func TestASitemapListsItsPages(t *testing.T) {
	whole := head + `<url><loc> https://x.test/a?b=1&amp;c=2 </loc><lastmod>2026-02-03</lastmod><image:image><image:loc>https://x.test/a.png</image:loc></image:image></url>
		<url><loc>/b</loc><lastmod>2026-02-03T04:05+01:00</lastmod><news:news><news:publication><news:name>X</news:name></news:publication><news:publication_date>2026-02-01T00:00:00Z</news:publication_date><news:title>The &amp; title</news:title></news:news></url>
		<url><loc>https://x.test/b</loc></url><url><loc>mailto:a@b</loc></url><url><lastmod>soon</lastmod></url></urlset>`
	const want = "https://x.test/a?b=1&c=2 2026-02-03T00:00:00Z, https://x.test/b 2026-02-03T03:05:00Z The & title 2026-02-01T00:00:00Z"
	for name, body := range map[string]string{"plain": whole, "compressed": zipped(t, whole), "marked": "\ufeff" + whole} {
		s := read(t, body)
		if got := listed(s.Pages); got != want || len(s.Sitemaps) > 0 || s.Cut {
			t.Errorf("%s: %s, %d sitemaps, cut %v\nwant %s", name, got, len(s.Sitemaps), s.Cut, want)
		}
		if s.Unusable != 2 {
			t.Errorf("%s: %d unusable", name, s.Unusable)
		}
	}
}

func TestAnIndexListsSitemaps(t *testing.T) {
	s := read(t, `<sitemapindex><sitemap><loc>https://x.test/1.xml.gz</loc><lastmod>2026-02</lastmod></sitemap><sitemap><loc>2.xml</loc></sitemap></sitemapindex>`)
	if got := listed(s.Sitemaps); got != "https://x.test/1.xml.gz 2026-02-01T00:00:00Z, https://x.test/maps/2.xml" || len(s.Pages) > 0 {
		t.Fatalf("sitemaps %s, pages %s", got, listed(s.Pages))
	}
}

func TestATextListsOneURLALine(t *testing.T) {
	s := read(t, "https://x.test/a\r\n\r\n https://x.test/b \nnonsense://\n")
	if got := listed(s.Pages); got != "https://x.test/a, https://x.test/b" || s.Unusable != 1 {
		t.Fatalf("pages %s, %d unusable", got, s.Unusable)
	}
}

func TestWhatComesBeforeDamageIsKept(t *testing.T) {
	entry := "<url><loc>https://x.test/a</loc></url>"
	for name, body := range map[string]string{
		"cut":       head + entry + "<url><loc>https://x.test/b",
		"deep":      head + entry + strings.Repeat("<a>", 100_000),
		"broken":    head + entry + "<url <<",
		"gzip, cut": zipped(t, head+entry+strings.Repeat("<!-- x -->", 100))[:60],
	} {
		s, err := Read([]byte(body), "", "https://x.test/")
		if name == "gzip, cut" && err != nil {
			continue // nothing came before
		}
		if err != nil || listed(s.Pages) != "https://x.test/a" || !s.Cut {
			t.Errorf("%s: %+v, %v", name, s, err)
		}
	}
	lol := read(t, `<!DOCTYPE a [<!ENTITY l "lol"><!ENTITY m SYSTEM "file:///etc/passwd">]>`+"<urlset><url><loc>https://x.test/&l;&m;</loc></url></urlset>")
	if got := listed(lol.Pages); got != "https://x.test/&l;&m;" {
		t.Fatalf("entities became %s", got)
	}
}

func TestTheBoundsOfTheStandardHold(t *testing.T) {
	var body strings.Builder
	body.WriteString(head)
	for n := range MaxLinks + 10 {
		fmt.Fprintf(&body, "<url><loc>https://x.test/%d</loc></url>", n)
	}
	if s := read(t, body.String()); len(s.Pages) != MaxLinks || !s.Cut {
		t.Fatalf("%d pages, cut %v", len(s.Pages), s.Cut)
	}
	bomb := zipped(t, head+"<url><loc>https://x.test/a</loc></url>"+strings.Repeat(" ", MaxSize))
	if s := read(t, bomb); len(s.Pages) != 1 || !s.Cut {
		t.Fatalf("a bomb: %d pages, cut %v", len(s.Pages), s.Cut)
	}
}

func TestWhatIsNoSitemapIsRefused(t *testing.T) {
	for _, body := range []string{"", "words", "<html><body>x</body></html>", "<rss><channel/></rss>", "<!-- x -->", `{"a":1}`, "\x1f\x8b"} {
		if s, err := Read([]byte(body), "", "https://x.test/"); err == nil || s != nil || !errors.Is(err, ErrNone) && body != "\x1f\x8b" {
			t.Errorf("%q: %+v, %v", body, s, err)
		}
	}
}

func FuzzRead(f *testing.F) {
	f.Add([]byte(head + "<url><loc>//a</loc><lastmod>2026</lastmod></url>"))
	f.Add([]byte("<sitemapindex><sitemap><loc>%</loc></sitemap></url>"))
	f.Add([]byte("https://x.test/\n:"))
	f.Fuzz(func(t *testing.T, body []byte) {
		s, err := Read(body, "", "https://example.com/")
		if err != nil {
			return
		}
		seen := make(map[string]bool)
		for _, p := range append(s.Pages, s.Sitemaps...) {
			if u, err := url.Parse(p.URL); err != nil || u.Host == "" || seen[p.URL] {
				t.Fatalf("%q: %v, or twice", p.URL, err)
			}
			seen[p.URL] = true
		}
	})
}
