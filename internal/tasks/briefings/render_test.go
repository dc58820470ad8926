package briefings

import (
	"io/fs"
	"os"
	"strings"
	"testing"
	"time"
)

func list(t *testing.T, dir string) []string {
	t.Helper()
	var files []string
	err := fs.WalkDir(os.DirFS(dir), ".", func(path string, d fs.DirEntry, err error) error {
		if err == nil && !d.IsDir() {
			files = append(files, path)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return files
}

// hostile is what a page could try to bring into a reader's browser, terminal or notes.
var hostile = Briefing{
	ID: "b", User: "ada", Created: noon, Zone: "Europe/Berlin", Since: noon.Add(-time.Hour),
	Overview: "<script>alert(3)</script> **bold** ![x](http://evil)\x1b[2J\n# heading",
	Items: []Item{{
		Title:   "<script>alert(1)</script>![x](http://evil)\x1b[2J",
		URL:     "javascript:alert(1)",
		Extract: []string{"<img src=x onerror=alert(2)> **bold** \n# heading", "[click](http://evil) &lt;b&gt;"},
		Why:     "`<b>`",
	}, {Title: "Fine", URL: "https://example.org/a(b)c", Extract: []string{"A sentence."}, Summary: "<img src=y onerror=alert(4)> [click](http://evil) \x1b[2J\n# heading"}},
}

func TestScriptsInADocumentDoNotReachTheBriefing(t *testing.T) {
	html, err := hostile.HTML()
	if err != nil {
		t.Fatal(err)
	}
	for _, bad := range []string{"<script", "<img", "javascript:", `href="#ZgotmplZ"`} {
		if strings.Contains(html, bad) {
			t.Errorf("HTML has %q:\n%s", bad, html)
		}
	}
	if !strings.Contains(html, `href="https://example.org/a%28b%29c"`) && !strings.Contains(html, `href="https://example.org/a(b)c"`) {
		t.Errorf("HTML lacks the good link:\n%s", html)
	}
	markdown, err := hostile.Markdown()
	if err != nil {
		t.Fatal(err)
	}
	for _, bad := range []string{"<script", "<img", "![x]", "\n# heading", "[click](", "**bold**", "\x1b", "javascript:"} {
		if strings.Contains(markdown, bad) {
			t.Errorf("Markdown has %q:\n%s", bad, markdown)
		}
	}
	text, err := hostile.Text()
	if err != nil {
		t.Fatal(err)
	}
	if strings.Contains(text, "\x1b") || strings.Contains(text, "\n# heading") {
		t.Errorf("text:\n%q", text)
	}
}

func TestSummariesStandInPlaceOfSentencesAndSayWhoseTheyAre(t *testing.T) {
	b := Briefing{ID: "b", User: "ada", Created: noon, Zone: "Europe/Berlin", Overview: "A day of queues.", Items: []Item{
		{Title: "Queues", URL: "https://example.org/q", Extract: []string{"One."}, Summary: "Queues in brief."},
		{Title: "Lanes", URL: "https://example.org/l", Extract: []string{"Three."}},
	}}
	text, err := b.Text()
	want := `Briefing for ada, Saturday 1 June 2030 14:00 CEST

A day of queues.

Queues
  https://example.org/q
  Queues in brief.

Lanes
  https://example.org/l
  - Three.

The summaries were written by a language model. The pages have the last word.
`
	if err != nil || text != want {
		t.Errorf("text, %v:\n%s\nwant:\n%s", err, text, want)
	}
	markdown, err := b.Markdown()
	if err != nil || !strings.Contains(markdown, "\nA day of queues.\n") || !strings.Contains(markdown, "(https://example.org/q)\n\nQueues in brief.\n") || !strings.HasSuffix(markdown, "\n- Three.\n\n*The summaries were written by a language model. The pages have the last word.*\n") {
		t.Errorf("Markdown, %v:\n%s", err, markdown)
	}
	html, err := b.HTML()
	if err != nil || !strings.Contains(html, "<p>A day of queues.</p>") || !strings.Contains(html, "<p>Queues in brief.</p>") || strings.Contains(html, "One.") || !strings.Contains(html, "<li>Three.</li>") || !strings.Contains(html, "<em>The summaries were written") {
		t.Errorf("HTML, %v:\n%s", err, html)
	}
}

func TestABriefingReadsWell(t *testing.T) {
	b := Briefing{ID: "b", User: "ada", Created: noon, Zone: "Europe/Berlin", Note: "Something to know.", Items: []Item{
		{Title: "Queues", URL: "https://example.org/q", Published: noon, Extract: []string{"One.", "Two."}, Why: `"queue" once`},
	}}
	text, err := b.Text()
	if err != nil {
		t.Fatal(err)
	}
	want := `Briefing for ada, Saturday 1 June 2030 14:00 CEST

Note: Something to know.

Queues
  1 June 2030
  https://example.org/q
  - One.
  - Two.
  why: "queue" once
`
	if text != want {
		t.Errorf("text:\n%s\nwant:\n%s", text, want)
	}
	markdown, err := b.Markdown()
	if err != nil || !strings.Contains(markdown, "## [Queues](https://example.org/q)\n\n1 June 2030\n\n- One.\n- Two.\n\nWhy: \"queue\" once\n") {
		t.Errorf("markdown (%v):\n%s", err, markdown)
	}
}
