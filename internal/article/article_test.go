package article

import (
	"encoding/json"
	"flag"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
	"unicode"
	"unicode/utf8"

	"switchyard/internal/documents"
	"switchyard/internal/web"
)

var update = flag.Bool("update", false, "write the golden files anew")

var fetched = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

func pageOf(url, contentType, body string) *web.Page {
	return &web.Page{URL: url, Status: 200, ContentType: contentType, Body: []byte(body), Header: http.Header{}, FetchedAt: fetched}
}

// extract reads a page without hints.
func extract(t *testing.T, page *web.Page) (documents.Document, error) {
	t.Helper()
	return Read(t.Context(), page, Hints{})
}

// mustExtract returns the document of an HTML page at https://example.com/a.
func mustExtract(t *testing.T, body string) documents.Document {
	t.Helper()
	d, err := extract(t, pageOf("https://example.com/a", "text/html; charset=utf-8", body))
	if err != nil {
		t.Fatal(err)
	}
	return d
}

// TestExtractReadsWhatAReaderWould compares each page of testdata/pages with the
// document beside it.
func TestExtractReadsWhatAReaderWould(t *testing.T) {
	pages, err := filepath.Glob("testdata/pages/*.[ht]*")
	if err != nil || len(pages) == 0 {
		t.Fatalf("pages %v, %v", pages, err)
	}
	for _, path := range pages {
		name := filepath.Base(path)
		t.Run(name, func(t *testing.T) {
			body, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			contentType := "text/html"
			if filepath.Ext(name) == ".txt" {
				contentType = "text/plain; charset=utf-8"
			}
			d, err := extract(t, pageOf("https://example.com/"+name, contentType, string(body)))
			if err != nil {
				t.Fatal(err)
			}
			compare(t, strings.TrimSuffix(path, filepath.Ext(path))+".json", d)
		})
	}
}

func compare(t *testing.T, golden string, d documents.Document) {
	t.Helper()
	got, err := json.MarshalIndent(d, "", "  ")
	if err != nil {
		t.Fatal(err)
	}
	if *update {
		if err := os.WriteFile(golden, append(got, '\n'), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(golden)
	if err != nil {
		t.Fatal(err)
	}
	if string(got) != strings.TrimSpace(string(want)) {
		t.Fatalf("got\n%s\nwant\n%s", got, want)
	}
}

func TestExtractSaysWhyAPageIsNone(t *testing.T) {
	for _, c := range []struct{ name, contentType, body, want string }{
		{"empty", "text/html", "", "the page is empty"},
		{"no text", "text/html", "<html><body><img src=a.png></body></html>", "the page has no readable text: scripts that would draw it are not run"},
		{"scripts only", "text/html", "<body><script>var a = 'words'</script></body>", "the page has no readable text: scripts that would draw it are not run"},
		{"marks only", "text/html", "<p>--- *** ---</p>", "the page has no readable text: scripts that would draw it are not run"},
		{"white text file", "text/plain", " \n \n", "the page has no readable text"},
		{"PDF", "application/pdf", "%PDF-1.7", `content type "application/pdf" is not a page: only HTML and plain text can be read`},
		{"PDF called HTML", "text/html", "%PDF-1.7", `content type "application/pdf" is not a page: only HTML and plain text can be read`},
		{"image", "image/png", "\x89PNG\r\n\x1a\n", `content type "image/png" is not a page: only HTML and plain text can be read`},
		{"image called nothing", "", "\x89PNG\r\n\x1a\n", `content type "image/png" is not a page: only HTML and plain text can be read`},
		{"too long", "text/html", "<p>" + strings.Repeat("a ", MaxHTML/2), "the page has 4194307 bytes of HTML: at most 4194304 are read"},
		{"too many elements", "text/html", strings.Repeat("<p>a", maxElements+1), "the page has more than 50000 elements: finding its text would take too long"},
		{"deep and wide", "text/html", strings.Repeat("<div>", 450) + strings.Repeat("<p>a", 5000), "the page is nested too deeply: finding its text would take too long"},
		{"too deep", "text/html", strings.Repeat("<div>", 600) + "a", "parse HTML: html: open stack of elements exceeds 512 nodes"},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, err := extract(t, pageOf("https://example.com/a?token=s3cret", c.contentType, c.body))
			if want := "extract https://example.com/a?…: " + c.want; fmt.Sprint(err) != want {
				t.Fatalf("\n got %v\nwant %s", err, want)
			}
		})
	}
}

func TestExtractGoesByTheBytesWhereTheServerIsWrong(t *testing.T) {
	for _, contentType := range []string{"", "application/octet-stream", "application/rss+xml", "application/xhtml+xml", "nonsense"} {
		d, err := extract(t, pageOf("https://example.com/a", contentType, "<!doctype html><title>T</title><p>Some words.</p>"))
		if err != nil || d.Text != "Some words." {
			t.Errorf("content type %q: %q, %v", contentType, d.Text, err)
		}
	}
}

func TestNavigationIsNoPartOfAShortText(t *testing.T) {
	d := mustExtract(t, `<body><nav><a href=/>Home</a> <a href=/b>B</a></nav><main><h1>Short</h1><p>One line.</p></main><footer>Imprint</footer>`)
	if d.Text != "Short\n\nOne line." {
		t.Fatalf("text %q", d.Text)
	}
}

func TestTextIsCutAtItsBound(t *testing.T) {
	d := mustExtract(t, "<title>"+strings.Repeat("ü", MaxTitle)+"</title><p>"+strings.Repeat("ü ", MaxText))
	if len(d.Text) > MaxText || len(d.Text) < MaxText-3 || len(d.Title) > MaxTitle || len(d.Title) < MaxTitle-3 {
		t.Fatalf("text of %d bytes, title of %d", len(d.Text), len(d.Title))
	}
	if !utf8.ValidString(d.Text) || !utf8.ValidString(d.Title) {
		t.Fatal("a character was split")
	}
}

func TestTitleIsTheBestThereIs(t *testing.T) {
	for want, body := range map[string]string{
		"The heading alone": "<title>The heading alone · The Site</title><h1>The heading alone</h1><p>The text.",
		"A heading begins":  "<title>A heading begins</title><h1>A heading</h1><p>The text.",
		"The title":         "<title>The\n title</title><h1>The heading</h1><p>The text.",
		"The heading":       "<title> </title><h1>The <b>heading</b></h1><p>The text.",
		"The text.":         "<p>The text.</p><p>More text.",
		"Turned title":      "<title>Turned \u202etitle\u0007</title><p>The text.",
	} {
		if d := mustExtract(t, body); d.Title != want {
			t.Errorf("title %q, want %q", d.Title, want)
		}
	}
}

func TestLanguageIsSaidOrTold(t *testing.T) {
	german := "Die neue Brücke über den Fluss ist fertig und wird am Samstag für den Verkehr freigegeben. " +
		"Der Bau hat drei Jahre gedauert und war teurer als geplant, weil der Untergrund weicher war, als die Gutachten gesagt hatten."
	for _, c := range []struct {
		text string
		tags []string
		want string
	}{
		{german, []string{"en-GB", "fr"}, "en"},
		{german, []string{"", "fr"}, "fr"},
		{german, []string{"zh-Hant-TW"}, "zh"},
		{german, []string{"qqq!", "und"}, "de"},
		{german, []string{"en-x-" + strings.Repeat("longer-", 5) + "than35"}, "de"},
		{german, nil, "de"},
		{"42", nil, ""},
	} {
		if got := languageOf(c.text, c.tags...); got != c.want {
			t.Errorf("%.20q with tags %.30q: %q, want %q", c.text, c.tags, got, c.want)
		}
	}
}

func FuzzExtract(f *testing.F) {
	paths, err := filepath.Glob("testdata/pages/*.[ht]*")
	if err != nil {
		f.Fatal(err)
	}
	for _, path := range paths {
		body, err := os.ReadFile(path)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(body, "text/html")
	}
	f.Add([]byte("<table><tr><p><article><a href=//x>\x00\u202e<time datetime=2026>"), "text/html; charset=shift_jis")
	f.Add([]byte("plain\r\nwords"), "text/plain")
	f.Fuzz(func(t *testing.T, body []byte, contentType string) {
		d, err := extract(t, pageOf("https://example.com/a", contentType, string(body)))
		if err != nil {
			return
		}
		for _, s := range []string{d.URL, d.Title, d.Text, d.Language} {
			if !utf8.ValidString(s) || strings.ContainsFunc(s, func(r rune) bool { return unicode.IsControl(r) && r != '\n' }) {
				t.Fatalf("%q is not clean", s)
			}
		}
		if d.Text == "" || d.Title == "" || len(d.Text) > MaxText || len(d.Title) > MaxTitle || strings.Contains(d.Title, "\n") {
			t.Fatalf("title of %d bytes, text of %d", len(d.Title), len(d.Text))
		}
		if !SameSite(d.URL, "https://example.com/") {
			t.Fatalf("the page speaks for %s", d.URL)
		}
	})
}
