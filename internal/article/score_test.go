package article

import (
	"encoding/json"
	"flag"
	"hash/fnv"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// corpus is a folder with evaldata.json and the pages it names, as
// https://github.com/adbar/trafilatura has it in tests.
var (
	corpus = flag.String("corpus", "", "measure the reading of the annotated pages in this folder")
	half   = flag.String("half", "", "dev, which the reading was tuned on, or heldout; both by default")
)

// annotated says what is part of a page's text and what is not.
type annotated struct {
	File    string   `json:"file"`
	With    []string `json:"with"`
	Without []string `json:"without"`
}

type score struct{ pages, dated, found, missing, extra int }

// TestScore prints how well annotated pages are read. It promises nothing.
func TestScore(t *testing.T) {
	if *corpus == "" {
		t.Skip("needs -corpus")
	}
	source, err := os.ReadFile(filepath.Join(*corpus, "evaldata.json"))
	if err != nil {
		t.Fatal(err)
	}
	var pages map[string]annotated
	if err := json.Unmarshal(source, &pages); err != nil {
		t.Fatal(err)
	}
	var s score
	for address, page := range pages {
		if *half == "" || isDev(page.File) == (*half == "dev") {
			s.add(t, address, page)
		}
	}
	t.Logf("%d pages, %d with a date: F1 %.3f, precision %.3f, recall %.3f", s.pages, s.dated,
		2*float64(s.found)/float64(2*s.found+s.extra+s.missing), float64(s.found)/float64(s.found+s.extra), float64(s.found)/float64(s.found+s.missing))
}

// isDev splits the pages into halves by their names.
func isDev(name string) bool {
	h := fnv.New32a()
	_, _ = h.Write([]byte(name))
	return h.Sum32()%2 == 0
}

func (s *score) add(t *testing.T, address string, page annotated) {
	t.Helper()
	body, err := os.ReadFile(filepath.Join(*corpus, "cache", page.File))
	if err != nil {
		body, err = os.ReadFile(filepath.Join(*corpus, "eval", page.File))
	}
	if err != nil {
		t.Fatal(err)
	}
	if !strings.HasPrefix(address, "http") {
		address = "https://example.com/page"
	}
	d, err := extract(t, pageOf(address, "text/html", string(body)))
	if err != nil {
		t.Log(page.File, err)
	}
	s.pages++
	if !d.Published.IsZero() {
		s.dated++
	}
	text := oneLine(d.Text)
	for _, part := range page.With {
		if strings.Contains(text, oneLine(part)) {
			s.found++
		} else {
			s.missing++
		}
	}
	for _, part := range page.Without {
		if strings.Contains(text, oneLine(part)) {
			s.extra++
		}
	}
}

func oneLine(text string) string { return strings.Join(strings.Fields(text), " ") }
