package article

import (
	"strings"
	"testing"
)

const story = "<p>The first paragraph of the story has some words, and some more, so that it is one.</p><p>The second paragraph has as many words, and commas, and goes on for a while to be found.</p>"

const storyText = "The first paragraph of the story has some words, and some more, so that it is one.\n\nThe second paragraph has as many words, and commas, and goes on for a while to be found."

func TestWhatStandsBesideATextIsNoPartOfIt(t *testing.T) {
	for _, beside := range []string{
		`<figure><img src=a.png><figcaption>A picture</figcaption></figure>`,
		`<div class="image-credit">Somebody/Agency</div>`,
		`<div class="relatedStories"><a href=/b>Another story</a></div>`,
		`<section class=teaser><a href=/b>Another story</a></section>`,
		`<div id="cookie-consent"><p>We and our partners store things.</p></div>`,
		`<div class="newsletter__box">Subscribe now</div>`,
		`<aside>Beside it all</aside>`,
		`<div class="author-box">Ann likes tea.</div>`,
		`<p class=entry-meta>12 January 2026 in News</p>`,
		`<ul class=post-tags><li>tea</li></ul>`,
		`<p>Read also: Another story</p>`,
		`<p>Lesen Sie auch: Noch eine</p>`,
		`<p>Foto: Jemand</p>`,
		`<p>Advertisement</p>`,
	} {
		if d := mustExtract(t, "<title>T</title><article>"+beside+story+"</article>"); d.Text != storyText {
			t.Errorf("%s: %q", beside, d.Text)
		}
	}
}

func TestATextIsKeptWhateverItIsCalled(t *testing.T) {
	for _, class := range []string{"teaser", "newsletter", "ad", "social", "print", "related"} {
		if d := mustExtract(t, `<title>T</title><div class="`+class+`">`+story+`</div><p>Short.</p>`); !strings.Contains(d.Text, storyText) {
			t.Errorf("in %q: %q", class, d.Text)
		}
	}
	for _, class := range []string{"adventure", "reprinted", "rated", "unsocial", "leading"} {
		if d := mustExtract(t, `<title>T</title><article>`+story+`<p class="`+class+`">A third paragraph, with commas, and more.</p></article>`); !strings.HasSuffix(d.Text, "and more.") {
			t.Errorf("%q: %q", class, d.Text)
		}
	}
}

func TestTheFirstLinesOfATextAreKept(t *testing.T) {
	lead := `<p class="article-lead">What the story is about, in a line or two for the hurried.</p>`
	d := mustExtract(t, `<title>T</title><header><h1>T</h1>`+lead+`</header><main><article>`+strings.Repeat(story, 3)+`</article></main>`)
	if !strings.HasPrefix(d.Text, "What the story is about, in a line or two for the hurried.\n\nThe first") || strings.Count(d.Text, "hurried") != 1 {
		t.Fatalf("text %q", d.Text)
	}
}

func TestNamesHaveWords(t *testing.T) {
	for name, want := range map[string]string{
		"related-links":      "related links",
		"relatedLinks":       "related links",
		"c-Related__links2x": "c related links x",
		"":                   "",
		"-_-":                "",
		"ÜberUns":            "über uns",
	} {
		var got []string
		for word := range namesWords(name) {
			got = append(got, word)
		}
		if strings.Join(got, " ") != want {
			t.Errorf("%q: %q, want %q", name, got, want)
		}
	}
}
