package feeds

import (
	"net/url"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"
)

func TestLinksAreMendedAsReadersMendThem(t *testing.T) {
	base, _ := url.Parse("https://x.test/blog/feed.xml")
	for link, want := range map[string]string{
		"/a":                           "https://x.test/a",
		"a":                            "https://x.test/blog/a",
		" \n http://x.test/a\n ":       "http://x.test/a",
		"//y.test/a":                   "https://y.test/a",
		"www.y.test/a":                 "https://www.y.test/a",
		"example.com/a":                "https://example.com/a",
		"2026/readme.md":               "https://x.test/blog/2026/readme.md",
		"readme.md":                    "https://x.test/blog/readme.md",
		"http://x.test/100%":           "http://x.test/100%25",
		"http://x.test/100%-off%20%a":  "http://x.test/100%25-off%20%25a",
		"http://x.test/a b":            "http://x.test/a%20b",
		"http://x.test/?a=1&amp;b=2#c": "http://x.test/?a=1&b=2#c",
		"":                             "",
		"mailto:ann@x.test":            "",
		"javascript:alert(1)":          "",
		"urn:uuid:1":                   "",
		"http://ann:secret@x.test/":    "",
		"http:///a":                    "",
		"http://[::1":                  "",
		"https://x.test/" + strings.Repeat("a", maxLink): "",
	} {
		if got, ok := absolute(link, base); got != want || ok != (want != "") {
			t.Errorf("%q: %q, %v, want %q", link, got, ok, want)
		}
	}
}

func TestAnItemsLinkIsTheBestItHas(t *testing.T) {
	for name, c := range map[string]struct{ item, want string }{
		"link":                 {"<link>/a</link><guid>http://x.test/g</guid>", "http://site.test/a"},
		"link that is none":    {"<link>mailto:a@b</link><guid>http://x.test/g</guid>", "http://x.test/g"},
		"ID that is no URL":    {"<guid>tag:1</guid>", ""},
		"Atom's in RSS":        {`<atom:link rel="self" href="/s"/><atom:link href="/a"/>`, "http://site.test/a"},
		"base":                 {`<link xml:base="http://b.test/c/">a</link>`, "http://b.test/c/a"},
		"enclosure is no page": {`<enclosure url="/a.mp3"/>`, ""},
	} {
		feed := read(t, `<rss xmlns:atom="http://www.w3.org/2005/Atom"><channel><link>http://site.test/</link><item><title>T</title>`+c.item+`</item></channel></rss>`)
		if got := feed.Items[0].Link; got != c.want {
			t.Errorf("%s: %q, want %q", name, got, c.want)
		}
	}
}

func TestEachItemHasAKeyOfItsOwn(t *testing.T) {
	feed := read(t, rssOf(
		`<item><guid>1</guid><link>http://x.test/a</link></item>`,
		`<item><link>http://x.test/log#v1</link></item>`,
		`<item><link>http://x.test/log#v2</link></item>`,
		`<item><guid>same</guid><link>http://x.test/b</link></item>`,
		`<item><guid>same</guid><link>http://x.test/c</link></item>`,
		`<item><guid>same</guid><link>http://x.test/c</link></item>`,
		`<item><description>words alone</description></item>`,
	))
	var keys []string
	for _, i := range feed.Items {
		keys = append(keys, i.Key)
	}
	if len(keys) != 6 || !slices.Equal(keys[:3], []string{"1", "http://x.test/log#v1", "http://x.test/log#v2"}) || len(slices.Compact(slices.Sorted(slices.Values(keys)))) != 6 {
		t.Fatalf("keys %q", keys)
	}
	if again := read(t, rssOf(`<item><description>words alone</description></item>`)); again.Items[0].Key != keys[5] {
		t.Fatalf("the key of an item changed from %q to %q with its neighbours", keys[5], again.Items[0].Key)
	}
}

func TestAnItemSaysWhatItsFeedSays(t *testing.T) {
	feed := read(t, `<rss xmlns:dc="http://purl.org/dc/elements/1.1/" xmlns:c="http://purl.org/rss/1.0/modules/content/"><channel><title>A &amp;amp; B</title><link>/site</link><language>de-AT</language>
		<item><title>An &lt;b&gt;old&lt;/b&gt; &amp;quot;title&amp;quot; 1 &amp;lt; 2</title><dc:creator>Ann</dc:creator><pubDate>Tue, 03 Feb 2026 10:00:00 +0100</pubDate><description>short</description><c:encoded><![CDATA[<p>long</p>]]></c:encoded><enclosure url="/a.mp3" type="audio/mpeg"/></item></channel></rss>`)
	if feed.Title != "A & B" || feed.Link != "http://x.test/site" || feed.Language != "de-AT" {
		t.Fatalf("feed %+v", feed)
	}
	i := feed.Items[0]
	if i.Title != `An old "title" 1 < 2` || i.Author != "Ann" || i.Content != "<p>long</p>" || i.Language != "de-AT" ||
		i.Date().Format("2006-01-02T15:04Z07:00") != "2026-02-03T09:00Z" || !slices.Equal(i.Enclosed, []string{"http://x.test/a.mp3"}) {
		t.Fatalf("item %+v", i)
	}
}

func FuzzRead(f *testing.F) {
	f.Add([]byte(rssOf(item(1), item(2))), "text/xml")
	f.Add([]byte("<feed xmlns='http://www.w3.org/2005/Atom' xml:base='a'><entry xml:base='%'><title type=xhtml><div>a<b</title><link href=//x/><entry>"), "")
	f.Add([]byte(`{"version":"https://jsonfeed.org/version/1","items":[{"id":1,"author":"x"},[],{"url":"a"}]`), "application/json")
	f.Add([]byte("\xff\xfe<\x00r\x00s\x00s\x00>\x00"), "text/xml; charset=utf-8")
	f.Add([]byte("<rdf:RDF xmlns:rdf='http://www.w3.org/1999/02/22-rdf-syntax-ns#'><item><![CDATA[<item></item><!--&#0;&amp;&x;"), "")
	f.Fuzz(func(t *testing.T, body []byte, contentType string) {
		feed, err := Read(body, contentType, "https://example.com/feed")
		if err != nil {
			return
		}
		keys := make(map[string]bool)
		for _, i := range feed.Items {
			if i.Key == "" || keys[i.Key] {
				t.Fatalf("key %q is not the item's own", i.Key)
			}
			keys[i.Key] = true
			for _, s := range []string{i.Key, i.Title, i.Author, i.Content, i.Language} {
				if !utf8.ValidString(s) {
					t.Fatalf("%q is not UTF-8", s)
				}
			}
			for _, link := range append(i.Enclosed, i.Link) {
				if u, err := url.Parse(link); err != nil || link != "" && (u.Host == "" || u.Scheme != "http" && u.Scheme != "https") {
					t.Fatalf("link %q, %v", link, err)
				}
			}
		}
	})
}
