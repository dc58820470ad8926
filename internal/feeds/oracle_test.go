package feeds

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/mmcdole/gofeed"
)

// TestNoItemIsLostThatTheParserFindsInTheWhole reads the feeds that the parser is tested with,
// which are in the module cache.
func TestNoItemIsLostThatTheParserFindsInTheWhole(t *testing.T) {
	module, err := exec.Command("go", "list", "-m", "-f", "{{.Dir}}", "github.com/mmcdole/gofeed").Output()
	if err != nil {
		t.Fatal(err)
	}
	paths, err := filepath.Glob(filepath.Join(strings.TrimSpace(string(module)), "testdata/parser/*/*.xml"))
	if err != nil || len(paths) < 100 {
		t.Fatalf("%d feeds, %v", len(paths), err)
	}
	for _, path := range paths {
		body, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		whole, err := gofeed.NewParser().Parse(bytes.NewReader(body))
		if err != nil {
			continue
		}
		feed, err := Read(body, "", "http://example.org/")
		if err != nil {
			t.Errorf("%s: %v", path, err)
			continue
		}
		if len(feed.Items) < len(whole.Items) {
			t.Errorf("%s: %d items, want %d", path, len(feed.Items), len(whole.Items))
			continue
		}
		for i, want := range whole.Items {
			if got := feed.Items[i]; got.Title != line(want.Title) || !got.Published.Equal(timeOf(want.PublishedParsed)) {
				t.Errorf("%s: item %d: %q of %s, want %q of %v", path, i, got.Title, got.Published, want.Title, want.PublishedParsed)
			}
		}
	}
}
