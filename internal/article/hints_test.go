package article

import (
	"fmt"
	"strings"
	"testing"
	"time"
)

var said = Hints{Title: "Feed's title", Author: "Ann", Published: time.Date(2026, 2, 3, 0, 0, 0, 0, time.UTC), Text: "The feed's own words."}

func TestThePageTakesFromItsFeedWhatItDoesNotSay(t *testing.T) {
	for _, c := range []struct{ name, body, title, author, text string }{
		{"nothing of its own", `<div id=app></div><script>draw()</script>`, "Feed's title", "Ann", "The feed's own words."},
		{"a text alone", `<p>Words of the page itself.`, "Feed's title", "Ann", "Words of the page itself."},
		{"everything", `<title>Page's title</title><meta name=author content="By Bob"><p>Words of the page itself.`, "Page's title", "Bob", "Words of the page itself."},
		{"little", `<title>Loading</title><p>Wait.`, "Loading", "Ann", "The feed's own words."},
	} {
		d, err := Read(t.Context(), pageOf("https://example.com/a", "text/html", c.body), said)
		if err != nil || d.Title != c.title || d.Author != c.author || d.Text != c.text {
			t.Errorf("%s: %q by %q: %q, %v", c.name, d.Title, d.Author, d.Text, err)
		}
	}
}

func TestAnItemWithoutAPageIsItsOwnDocument(t *testing.T) {
	d, err := FromHints("https://example.com/feed#1", said, fetched)
	if err != nil || d.URL != "https://example.com/feed#1" || d.Title != "Feed's title" || d.Author != "Ann" || d.Text != said.Text || !d.Published.Equal(said.Published) {
		t.Fatalf("%+v, %v", d, err)
	}
	if _, err := FromHints("https://example.com/feed#1", Hints{Title: "x", Text: " -- "}, fetched); fmt.Sprint(err) != "the item has no readable text" {
		t.Fatalf("an item without a text: %v", err)
	}
}

func TestPlainIsWhatAReaderSeesOfHTML(t *testing.T) {
	for source, want := range map[string]string{
		"words & more": "words & more",
		"words":        "words",
		"<p>One &amp; two<br>three<p>four<script>x()</script>": "One & two\nthree\n\nfour",
		"":                "",
		"<img src=a.png>": "",
		strings.Repeat("<b>", maxElements+1) + "x": "",
	} {
		if got := Plain(source); got != want {
			t.Errorf("%.60q: %q, want %q", source, got, want)
		}
	}
}

func TestTheAuthorIsAName(t *testing.T) {
	for body, want := range map[string]string{
		`<meta name=author content="Von Ann Bee">`:                           "Ann Bee",
		`<meta property="article:author" content="https://example.com/ann">`: "",
		`<a rel=author href=/ann>Ann</a>`:                                    "Ann",
		`<meta name=author content="Site"><script type="application/ld+json">{"@graph":[{"@type":["NewsArticle"],"author":[{"name":"Ann"},{"name":"Bob"}]}]}</script>`: "Ann, Bob",
		`<meta name=author content="` + strings.Repeat("a", MaxAuthor+1) + `">`:                                                                                        "",
		`<meta name=author content="--">`: "",
	} {
		if d := mustExtract(t, body+"<p>Some words."); d.Author != want {
			t.Errorf("%.80s: %q, want %q", body, d.Author, want)
		}
	}
}

func TestJSONLDIsKeptAsData(t *testing.T) {
	object := `{"@type":"Product","name":"A <b>"}`
	for name, c := range map[string]struct{ scripts, want string }{
		"one":      {"<script type=application/ld+json> " + object + " </script>", "[" + object + "]"},
		"two":      {"<script type=application/ld+json>1</script><script type=application/ld+json>{\"a\" : 2}</script>", `[1,{"a":2}]`},
		"broken":   {"<script type=application/ld+json>{</script><script type=application/ld+json>3</script>", `[3]`},
		"others":   {"<script type=application/json>1</script>", ""},
		"too long": {"<script type=application/ld+json>\"" + strings.Repeat("a", MaxData) + "\"</script>", ""},
		"deep":     {"<script type=application/ld+json>" + strings.Repeat("[", 100_000) + "</script>", ""},
	} {
		if d := mustExtract(t, c.scripts+"<p>Some words."); string(d.Data) != c.want {
			t.Errorf("%s: %s, want %s", name, d.Data, c.want)
		}
	}
}
