package feeds

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"golang.org/x/text/encoding"
	"golang.org/x/text/encoding/unicode"
	"golang.org/x/text/encoding/unicode/utf32"
)

const prolog = `<?xml version="1.0"?><rss version="2.0"><channel><title>T</title>`

func rssOf(items ...string) string {
	return prolog + strings.Join(items, "\n") + "</channel></rss>"
}

func item(n int) string {
	return fmt.Sprintf("<item><title>Item %d</title><link>http://x.test/%d</link><description><![CDATA[<p>Text %d</p>]]></description></item>", n, n, n)
}

func read(t *testing.T, body string) *Feed {
	t.Helper()
	feed, err := Read([]byte(body), "", "http://x.test/feed")
	if err != nil {
		t.Fatal(err)
	}
	return feed
}

func titles(feed *Feed) (titles []string) {
	for _, i := range feed.Items {
		titles = append(titles, i.Title)
	}
	return titles
}

func TestDamageInOneItemCostsNoOther(t *testing.T) {
	for name, damaged := range map[string]string{
		"open CDATA":               "<item><title>D</title><description><![CDATA[<p>open</description></item>",
		"open CDATA without end":   "<item><title>D</title><description><![CDATA[<p>open</item>",
		"open comment":             "<item><title>D</title><!-- open </item>",
		"lost end":                 "<item><title>D</title>",
		"lost ends inside":         "<item><title>D</title><description><p>a<b>b<i></item>",
		"lost quote":               `<item><title>D</title><enclosure url="http://x.test/a.mp3 type=x/></item>`,
		"ends of others":           "<item><title>D</title></b></channel></rss></item>",
		"text that looks like tag": "<item><title>D</title><description>1 < 2 <3 </ <>&</description></item>",
		"unknown entity":           "<item><title>D</title><description>&nope;&nbsp;&#0;&#xFFFFFFFF;</description></item>",
		"unbound prefix":           "<item><title>D</title><a:b c:d='1'/></item>",
		"end of CDATA":             "<item><title>D</title><description>a ]]> b</description></item>",
		"DTD inside":               "<item><title>D</title><!DOCTYPE a [<!ENTITY b 'c'>]></item>",
	} {
		t.Run(name, func(t *testing.T) {
			feed := read(t, rssOf(item(0), damaged, item(2)))
			if got := titles(feed); !slices.Equal(got, []string{"Item 0", "D", "Item 2"}) {
				t.Fatalf("items %q", got)
			}
			feed = read(t, rssOf(item(0), damaged, item(2), damaged, item(4)))
			if got := titles(feed); !slices.Equal(got, []string{"Item 0", "D", "Item 2", "Item 4"}) && !slices.Equal(got, []string{"Item 0", "D", "Item 2", "D", "Item 4"}) {
				t.Fatalf("items %q", got)
			}
			if got := feed.Items[2].Content; got != "<p>Text 2</p>" {
				t.Fatalf("the item behind says %q", got)
			}
		})
	}
}

func TestADamagedItemOfJSONCostsNoOther(t *testing.T) {
	feed := read(t, `{"version":"https://jsonfeed.org/version/1.1","author":"Ann","items":[
		{"id":"0","title":"Item 0","author":7,"tags":"x"}, 7, null, {"id":2,"title":"Item 2","content_html":["x"],"date_published":{}}, {"title":"cut o`)
	if got := titles(feed); !slices.Equal(got, []string{"Item 0", "Item 2"}) || feed.Damaged != 3 || feed.Items[0].Author != "Ann" {
		t.Fatalf("items %q of %q, %d damaged", got, feed.Items[0].Author, feed.Damaged)
	}
}

func TestWhatIsWholeBeforeACutIsKept(t *testing.T) {
	atom := `<feed xmlns="http://www.w3.org/2005/Atom"><entry><title>Item 0</title><link href="/0"/></entry><entry><title>Item 1</title></entry></feed>`
	json := `{"version":"https://jsonfeed.org/version/1.1","items":[{"id":"0","title":"a"},{"id":"1","title":"b"}]}`
	for end, whole := range map[string]string{"</item>": rssOf(item(0), item(1), item(2)), "</entry>": atom, `"}`: json} {
		for at := strings.Index(whole, end); at <= len(whole); at++ {
			feed := read(t, whole[:at])
			if want := strings.Count(whole[:at], end); len(feed.Items) != want {
				t.Fatalf("cut behind %q: %d items, want %d", whole[:at], len(feed.Items), want)
			}
		}
	}
}

func TestEveryEncodingIsRead(t *testing.T) {
	feed := `<?xml version="1.1" encoding="UTF-16"?>` + strings.TrimPrefix(rssOf("<item><title>naïve 中</title></item>"), `<?xml version="1.0"?>`)
	for name, e := range map[string]encoding.Encoding{
		"UTF-8":                 encoding.Nop,
		"UTF-8, marked":         unicode.UTF8BOM,
		"UTF-16":                unicode.UTF16(unicode.LittleEndian, unicode.IgnoreBOM),
		"UTF-16, big":           unicode.UTF16(unicode.BigEndian, unicode.IgnoreBOM),
		"UTF-16, marked":        unicode.UTF16(unicode.LittleEndian, unicode.UseBOM),
		"UTF-32":                utf32.UTF32(utf32.LittleEndian, utf32.IgnoreBOM),
		"UTF-32, big":           utf32.UTF32(utf32.BigEndian, utf32.IgnoreBOM),
		"UTF-32, big, marked":   utf32.UTF32(utf32.BigEndian, utf32.UseBOM),
		"UTF-32, little marked": utf32.UTF32(utf32.LittleEndian, utf32.UseBOM),
	} {
		body, err := e.NewEncoder().String(feed)
		if err != nil {
			t.Fatal(err)
		}
		if got := titles(read(t, body)); !slices.Equal(got, []string{"naïve 中"}) {
			t.Errorf("%s: %q", name, got)
		}
	}
}

func TestWhatIsNoFeedIsRefused(t *testing.T) {
	for name, body := range map[string]string{
		"nothing":         "",
		"text":            "words",
		"page":            "<!DOCTYPE HTML><title>x</title>" + rssOf(item(0)),
		"page without it": "<html>" + rssOf(item(0)),
		"sitemap":         `<urlset><url><loc>http://x.test/</loc></url></urlset>`,
		"OPML":            `<opml><body><outline/></body></opml>`,
		"JSON":            `{"items":[{"id":"0"}]}`,
		"JSON, cut":       `{"version":`,
		"a list":          `[1]`,
		"far behind":      strings.Repeat("<p>", maxJunk/3+1) + rssOf(item(0)),
		"an image":        "\x89PNG\r\n\x1a\n",
	} {
		if feed, err := Read([]byte(body), "application/rss+xml", "http://x.test/"); !errors.Is(err, ErrNone) {
			t.Errorf("%s: %+v, %v", name, feed, err)
		}
	}
}

// TestHostileFeedsAreBounded would not end, or end the process, without the bounds.
func TestHostileFeedsAreBounded(t *testing.T) {
	const many = 200_000
	var namespaces strings.Builder
	for n := range 20_000 {
		fmt.Fprintf(&namespaces, ` xmlns:n%d="u%d"`, n, n)
	}
	for name, c := range map[string]struct {
		body  string
		items int
	}{
		"deep":              {rssOf("<item>"+strings.Repeat("<a>", 1_000_000)+"</item>", item(1)), 2},
		"deep head":         {prolog + strings.Repeat("<a>", 1_000_000) + item(1), 1},
		"wide":              {rssOf("<item>"+strings.Repeat("<x:a/>", many)+"</item>", item(1)), 2},
		"attributes":        {rssOf("<item><x:a "+strings.Repeat("a='1' ", many)+"/></item>", item(1)), 2},
		"namespaces":        {"<rss" + namespaces.String() + "><channel>" + strings.Repeat(item(1)+"\n", 100) + "</channel></rss>", 1},
		"namespaces inside": {rssOf("<item>" + strings.Repeat("<a"+namespaces.String()[:2000]+">", 1000) + "</item>"), 1},
		"open CDATA":        {rssOf(strings.Repeat("<item><![CDATA[", many)), 0},
		"open comments":     {rssOf(strings.Repeat("<!--", many)), 0},
		"open quotes":       {rssOf(strings.Repeat("<a b='", many)), 0},
		"open DTDs":         {rssOf(strings.Repeat("<!DOCTYPE a [", many)), 0},
		"stray":             {rssOf(strings.Repeat("<", many)), 0},
		"ends":              {rssOf("<item>" + strings.Repeat("<a>", maxDepth) + strings.Repeat("</b>", many) + "</item>"), 1},
		"many":              {rssOf(strings.Repeat("<item></item>", many)), 1},
		"many different":    {prolog + manyItems(2*MaxItems), MaxItems},
		"references":        {rssOf("<item><title>" + strings.Repeat("&a", many) + "</title></item>"), 1},
	} {
		t.Run(name, func(t *testing.T) {
			if feed := read(t, c.body); len(feed.Items) != c.items {
				t.Fatalf("%d items, want %d", len(feed.Items), c.items)
			}
		})
	}
}

func manyItems(n int) string {
	var items strings.Builder
	for i := range n {
		items.WriteString(item(i))
	}
	return items.String()
}
