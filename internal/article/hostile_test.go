package article

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
)

// TestHostilePagesAreRefusedBeforeThereIsATree measures pages that would become trees of
// hundreds of megabytes, or take seconds to read.
func TestHostilePagesAreRefusedBeforeThereIsATree(t *testing.T) {
	const (
		many       = "the page has more than 50000 elements: finding its text would take too long"
		attributes = "the page has more than 200000 attributes: finding its text would take too long"
		nested     = "the page is nested too deeply: finding its text would take too long"
	)
	var formatting strings.Builder
	for n := range 400 {
		fmt.Fprintf(&formatting, "<b a=%d>", n)
	}
	var names strings.Builder
	for n := range maxAttributes + 1 {
		fmt.Fprintf(&names, " a%d", n)
	}
	for name, c := range map[string]struct{ source, want string }{
		"paragraphs":        {strings.Repeat("<p>a", maxElements+1), many},
		"line breaks":       {strings.Repeat("<br>", maxElements+1), many},
		"elements unknown":  {strings.Repeat("<x-y></x-y>", maxElements+1), many},
		"formatting":        {formatting.String() + strings.Repeat("<p>x", 200), many},
		"formatting closed": {strings.ReplaceAll(formatting.String(), ">", " />") + strings.Repeat("<p/>x", 200), many},
		"attributes":        {strings.Repeat("<p a b c d e f>", maxAttributes/6+1), attributes},
		"attributes of one": {"<p " + names.String() + ">", attributes},
		"deep":              {strings.Repeat("<div>", 500) + strings.Repeat("<p>a", 5000), nested},
		"deep and long":     {strings.Repeat("<div>", 380) + strings.Repeat("<p>"+strings.Repeat("word, ", 100)+"</p>", 300), nested},
		"tables":            {strings.Repeat("<table><tr><td>", 10_000), nested},
	} {
		if err := measure(c.source); fmt.Sprint(err) != c.want {
			t.Errorf("%s: %v, want %s", name, err, c.want)
		}
	}
}

func TestLargePagesOfPeopleAreRead(t *testing.T) {
	for name, body := range map[string]string{
		"long":       strings.Repeat("<p>"+strings.Repeat("word, ", 12)+"</p>", 40_000),
		"with code":  "<p>Some words.</p>" + strings.Repeat("<script>a</script><!-- b -->", 60_000),
		"formatted":  strings.Repeat("<p><b>a</b> <i>b <u>c</u></i> <a href=x>d</a>", 8000),
		"formulas":   strings.Repeat("<p>a <math><mi>x</mi><mspace /><mspace /></math>", 8000),
		"open items": "<ul>" + strings.Repeat("<li>one<li>two, and more", 10_000),
	} {
		if _, err := extract(t, pageOf("https://example.com/a", "text/html", body)); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestNoMorePagesAreReadAtATimeThanThereIsMemoryFor(t *testing.T) {
	done, err := enter(t.Context(), maxReading)
	if err != nil {
		t.Fatal(err)
	}
	defer done()
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := Read(ctx, pageOf("https://example.com/a", "text/html", "<p>Words."), Hints{}); !errors.Is(err, context.Canceled) {
		t.Fatalf("a page is read while there is no memory: %v", err)
	}
}
