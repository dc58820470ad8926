package chart

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// A change of what is rendered is to be read before it is released: go test -update writes it.
func TestEachFileOfValuesRendersWhatWasRead(t *testing.T) {
	for _, path := range goodValues(t) {
		t.Run(filepath.Base(path), func(t *testing.T) {
			rendered, err := render(load(t), values(t, path), nil)
			if err != nil {
				t.Fatal(err)
			}
			parse(t, rendered)
			golden, got := filepath.Join("testdata/golden", filepath.Base(path)), text(rendered)
			if *update {
				if err := os.WriteFile(golden, []byte(got), 0o600); err != nil {
					t.Fatal(err)
				}
				return
			}
			want, err := os.ReadFile(golden)
			if err != nil {
				t.Fatal(err)
			}
			if line, g, w := firstDifference(got, string(want)); line > 0 {
				t.Errorf("%s differs first in line %d:\n got %q\nwant %q\nIf it is meant: go test -run %s -update, and read the difference", golden, line, g, w, t.Name())
			}
		})
	}
}

// firstDifference returns the first line in which two texts differ, 0 if they are the same.
func firstDifference(got, want string) (int, string, string) {
	g, w := strings.Split(got, "\n"), strings.Split(want, "\n")
	for i := range max(len(g), len(w)) {
		var a, b string
		if i < len(g) {
			a = g[i]
		}
		if i < len(w) {
			b = w[i]
		}
		if a != b || i >= len(g) || i >= len(w) {
			return i + 1, a, b
		}
	}
	return 0, "", ""
}
