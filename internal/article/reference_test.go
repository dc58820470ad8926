package article

import (
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"unicode"

	"codeberg.org/readeck/go-readability/v2/render"
	"golang.org/x/net/html"

	"switchyard/internal/web"
)

// leastF1 is what the reading of the reference pages must reach: tokens in common with what
// readability itself is expected to find, over all pages.
const leastF1 = 0.99

// TestTheReferencePagesAreReadAlmostAsExpected reads the pages that readability is tested
// with, which are in the module cache. What is left out on purpose, such as captions, makes
// the difference to 1.
func TestTheReferencePagesAreReadAlmostAsExpected(t *testing.T) {
	module, err := exec.Command("go", "list", "-m", "-f", "{{.Dir}}", "codeberg.org/readeck/go-readability/v2").Output()
	if err != nil {
		t.Fatal(err)
	}
	folders, err := filepath.Glob(filepath.Join(strings.TrimSpace(string(module)), "test-pages/*/source.html"))
	if err != nil || len(folders) < 100 {
		t.Fatalf("%d pages, %v", len(folders), err)
	}
	var same, got, want int
	for _, folder := range folders {
		s, g, w := compareTokens(t, filepath.Dir(folder))
		if f := 2 * float64(s) / float64(max(1, g+w)); f < 0.9 {
			t.Logf("%s: F1 %.3f, %d tokens, want %d", filepath.Base(filepath.Dir(folder)), f, g, w)
		}
		same, got, want = same+s, got+g, want+w
	}
	f1 := 2 * float64(same) / float64(got+want)
	t.Logf("%d pages: F1 %.4f, precision %.4f, recall %.4f", len(folders), f1, float64(same)/float64(got), float64(same)/float64(want))
	if f1 < leastF1 {
		t.Errorf("F1 %.4f, want %.2f", f1, leastF1)
	}
}

// compareTokens returns how many words the page in a folder has in common with what is
// expected, and how many both have.
func compareTokens(t *testing.T, folder string) (same, got, want int) {
	t.Helper()
	source, err := os.ReadFile(filepath.Join(folder, "source.html"))
	if err != nil {
		t.Fatal(err)
	}
	expected, err := os.ReadFile(filepath.Join(folder, "expected.html"))
	if err != nil {
		t.Fatal(err)
	}
	root, err := html.Parse(strings.NewReader(string(expected)))
	if err != nil {
		t.Fatal(err)
	}
	d, err := Read(t.Context(), &web.Page{URL: "http://fakehost/test/page.html", ContentType: "text/html", Body: source, Header: http.Header{}}, Hints{})
	if err != nil {
		t.Logf("%s: %v", filepath.Base(folder), err)
	}
	left := make(map[string]int)
	for _, word := range tokens(render.InnerText(root)) {
		left[word]++
		want++
	}
	for _, word := range tokens(d.Text) {
		got++
		if left[word] > 0 {
			left[word]--
			same++
		}
	}
	return same, got, want
}

func tokens(text string) []string {
	return strings.FieldsFunc(strings.ToLower(text), func(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsNumber(r) })
}
