package feeds

import (
	"cmp"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

var update = flag.Bool("update", false, "write the expectations anew")

// summary is a line of the expectations: how many items there are, and what the first says.
func summary(feed *Feed, err error) string {
	if err != nil {
		return err.Error()
	}
	if len(feed.Items) == 0 {
		return fmt.Sprintf("%s\t0 items\t%d damaged", feed.Format, feed.Damaged)
	}
	first, date := feed.Items[0], "undated"
	if !first.Date().IsZero() {
		date = first.Date().Format(time.RFC3339)
	}
	return fmt.Sprintf("%s\t%d items\t%d damaged\t%s\t%q\t%s", feed.Format, len(feed.Items), feed.Damaged, cmp.Or(first.Link, "no link"), first.Title, date)
}

// TestFeedsAreReadAsReadersReadThem holds each file of testdata/feeds against its line in
// testdata/feeds.tsv.
func TestFeedsAreReadAsReadersReadThem(t *testing.T) {
	paths, err := filepath.Glob("testdata/feeds/*")
	if err != nil || len(paths) == 0 {
		t.Fatal(paths, err)
	}
	var got strings.Builder
	for _, path := range paths {
		body, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		feed, err := Read(body, "application/xml", "http://x.test/feeds/all")
		fmt.Fprintf(&got, "%s\t%s\n", filepath.Base(path), summary(feed, err))
	}
	if *update {
		if err := os.WriteFile("testdata/feeds.tsv", []byte(got.String()), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile("testdata/feeds.tsv")
	if err != nil {
		t.Fatal(err)
	}
	lines := strings.Split(string(want), "\n")
	for i, line := range strings.Split(got.String(), "\n") {
		if i >= len(lines) || line != lines[i] {
			t.Errorf("\n got %s\nwant %s", line, lines[min(i, len(lines)-1)])
		}
	}
}
