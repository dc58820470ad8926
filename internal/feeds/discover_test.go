package feeds

import (
	"os"
	"slices"
	"strings"
	"testing"
)

func TestThePagesFeedIsFound(t *testing.T) {
	for name, want := range map[string][]string{
		"a-type":         {"http://x.test/f.xml"},
		"atom-up":        {"http://x.test/f.xml"},
		"comments-first": {"http://x.test/feed/", "http://x.test/comments/feed/"},
		"json-plain":     {"http://x.test/f.json"},
		"rdf":            {"http://x.test/f.rdf"},
		"rss":            {"http://x.test/f.xml"},
		"textxml":        {"http://x.test/f.xml"},
	} {
		body, err := os.ReadFile("testdata/discover/" + name + ".html")
		if err != nil {
			t.Fatal(err)
		}
		if got := Discover(body, "text/html", "http://x.test/blog/"); !slices.Equal(got, want) {
			t.Errorf("%s: %q, want %q", name, got, want)
		}
	}
}

func TestTheSurestAnnouncementComesFirst(t *testing.T) {
	for _, c := range []struct{ page, want string }{
		{`<a href=/blog/rss.xml>RSS</a><a type=application/rss+xml href=b>x</a><link rel=alternate type=text/xml href=c><link rel="x ALTERNATE" type="application/atom+xml; charset=utf-8" href=d>`,
			"http://x.test/blog/d http://x.test/blog/c http://x.test/blog/b http://x.test/blog/rss.xml"},
		{`<base href=//cdn.test/x/><link rel=alternate type=application/rss+xml href=a>`, "http://cdn.test/x/a"},
		{`<link rel=alternate type=application/json href=/wp-json/wp/v2/posts/1><link rel=alternate type=application/json+oembed href=/o>`, ""},
		{`<link rel=stylesheet type=application/rss+xml href=a><link rel=alternate hreflang=de href=b>`, ""},
		{`<link rel=alternate type=application/rss+xml href="javascript:a"><link rel=alternate type=application/rss+xml href="/100%">`, "http://x.test/100%25"},
		{`<script>"<a type=application/rss+xml href=a>"</script><!-- <a href=/feed> -->`, ""},
		{`<a href="/tag/feeds">x</a> <a href=/feed/?x=1>y</a>`, "http://x.test/feed/?x=1"},
	} {
		if got := strings.Join(Discover([]byte(c.page), "", "http://x.test/blog/"), " "); got != c.want {
			t.Errorf("%s\n got %s\nwant %s", c.page, got, c.want)
		}
	}
}

func FuzzDiscover(f *testing.F) {
	f.Add([]byte(`<base href=//a><link rel=alternate type=text/xml href="%"><a href=/feed type=application/rss+xml>`))
	f.Fuzz(func(t *testing.T, body []byte) {
		got := Discover(body, "", "https://example.com/")
		if len(got) > maxAnnounced {
			t.Fatalf("%d feeds", len(got))
		}
		for _, u := range got {
			if !strings.HasPrefix(u, "http") {
				t.Fatalf("%q is no URL of a feed", u)
			}
		}
	})
}
