package article

import (
	"fmt"
	"slices"
	"strings"
	"testing"
)

func TestLinksAreThoseOfTheSameSiteInReadingOrder(t *testing.T) {
	page := pageOf("https://www.example.com/news/", "text/html", `<a href="b?utm_source=x#top">b</a> <a href=/a>a</a> <A HREF="b">again</A>
		<a href="https://blog.example.com/c">c</a> <a href="https://other.test/">other</a> <a href="mailto:a@example.com">mail</a>
		<a href="/x.PDF">file</a> <a href="#here">here</a> <a href="/login" rel="nofollow">login</a> <a href="javascript:a()">x</a> <a>none</a>
		<script>"<a href=/script>"</script><!-- <a href=/comment> --><a href="http://[::1">broken</a><base href="/base/"><a href=d>d</a>`)
	want := []string{"https://www.example.com/news/b", "https://www.example.com/a", "https://blog.example.com/c", "https://www.example.com/base/d"}
	if got := Links(page); !slices.Equal(got, want) {
		t.Fatalf("links %q, want %q", got, want)
	}
	if got := Links(pageOf("https://example.com/", "text/plain", "<a href=/a>")); got != nil {
		t.Fatalf("a text has the links %q", got)
	}
}

func TestLinksAreBounded(t *testing.T) {
	var body strings.Builder
	for n := range MaxLinks + 10 {
		fmt.Fprintf(&body, "<a href=/%d>x</a>", n)
	}
	if got := Links(pageOf("https://example.com/", "text/html", body.String())); len(got) != MaxLinks {
		t.Fatalf("%d links", len(got))
	}
}

func TestCodeIsLeftOutOfAPageAndNothingElse(t *testing.T) {
	for source, want := range map[string]string{
		"a<script>x<b></script >b":                       "ab",
		"a<SCRIPT src=x>x</SCRIPT>b<Style>c</Style>d":    "abd",
		"a<!-- <p> -->b<!-->c-->":                        "ab<!-->c-->",
		"a<svg><path/></svg>b<svg/>c":                    "ab<svg/>c",
		`<script type="application/ld+json">{}</script>`: `<script type="application/ld+json">{}</script>`,
		"a<script>x":                       "a<script>x",
		"a<!-- x":                          "a<!-- x",
		"a<scripted>x</script>":            "a<scripted>x</script>",
		"a<noscript><img></noscript>b < c": "ab < c",
		"<style":                           "<style",
		"<script>x</script":                "<script>x</script",
	} {
		if got := withoutCode(source); got != want {
			t.Errorf("%q: %q, want %q", source, got, want)
		}
	}
}
