package article

import (
	"encoding/json"
	"flag"
	"fmt"
	"hash/fnv"
	"os"
	"path/filepath"
	"strings"
	"switchyard/internal/charset"
	"testing"
	"time"

	"golang.org/x/net/html"
	"golang.org/x/net/html/atom"
)

// corpus is a folder with evaldata.json and the pages it names, as
// https://github.com/adbar/trafilatura has it in tests.
var (
	corpus = flag.String("corpus", "", "measure the reading of pages on a corpus in this folder")
	half   = flag.String("half", "", "dev or heldout; both by default")
	dump   = flag.String("dump", "", "write texts to this folder")
)

type annotated struct {
	File    string   `json:"file"`
	With    []string `json:"with"`
	Without []string `json:"without"`
	Date    string   `json:"date"`
}

func isDev(name string) bool {
	h := fnv.New32a()
	_, _ = h.Write([]byte(name))
	return h.Sum32()%2 == 0
}

func TestScore(t *testing.T) {
	if *corpus == "" {
		t.Skip("no -corpus")
	}
	source, err := os.ReadFile(filepath.Join(*corpus, "evaldata.json"))
	if err != nil {
		t.Fatal(err)
	}
	var pages map[string]annotated
	if err := json.Unmarshal(source, &pages); err != nil {
		t.Fatal(err)
	}
	norm := func(s string) string { return strings.Join(strings.Fields(s), " ") }
	var tp, fp, fn, tn, n, failed, dated int
	var took time.Duration
	var size int
	for u, p := range pages {
		if *half != "" && isDev(p.File) != (*half == "dev") {
			continue
		}
		body, err := os.ReadFile(filepath.Join(*corpus, "eval", p.File))
		if b, e := os.ReadFile(filepath.Join(*corpus, "cache", p.File)); e == nil {
			body, err = b, nil
		}
		if err != nil {
			t.Fatal(err)
		}
		n++
		size += len(body)
		if !strings.HasPrefix(u, "http") {
			u = "https://example.com/page"
		}
		page := pageOf(u, "text/html", string(body))
		page.FetchedAt = time.Now()
		start := time.Now()
		d, err := Read(t.Context(), page, Hints{})
		took += time.Since(start)
		if err != nil {
			failed++
			if *dump != "" {
				fmt.Println(p.File, err)
			}
		}
		if !d.Published.IsZero() {
			dated++
		}
		text := norm(d.Text)
		var wrong []string
		for _, w := range p.With {
			if strings.Contains(text, norm(w)) {
				tp++
			} else {
				fn++
				wrong = append(wrong, "MISSING "+w)
				if *dump != "" {
					fmt.Printf("MISSING %s | %s | %s\n", p.File, w, whereIs(body, w))
				}
			}
		}
		for _, w := range p.Without {
			if strings.Contains(text, norm(w)) {
				fp++
				wrong = append(wrong, "EXTRA "+w)
				if *dump != "" {
					fmt.Printf("EXTRA %s | %s | %s\n", p.File, w, whereIs(body, w))
				}
			} else {
				tn++
			}
		}
		if *dump != "" && wrong != nil {
			_ = os.WriteFile(filepath.Join(*dump, p.File+".txt"), []byte(u+"\n"+strings.Join(wrong, "\n")+"\n-----\n"+d.Title+"\n"+d.Text), 0o644)
		}
	}
	t.Logf("pages %d failed %d dated %d precision %.3f recall %.3f F %.3f accuracy %.3f, %s per page, %.1f pages/s, %d bytes a page", n, failed, dated,
		float64(tp)/float64(tp+fp), float64(tp)/float64(tp+fn), 2*float64(tp)/float64(2*tp+fp+fn), float64(tp+tn)/float64(tp+tn+fp+fn), took/time.Duration(n), float64(n)/took.Seconds(), size/n)
}

func whereIs(body []byte, w string) string {
	root, err := html.Parse(strings.NewReader(charset.Decode(body, "")))
	if err != nil {
		return ""
	}
	key := []rune(w)
	key = key[:min(len(key), 15)]
	for n := range root.Descendants() {
		if n.Type == html.TextNode && n.Parent.DataAtom != atom.Script && strings.Contains(n.Data, string(key)) {
			var path []string
			for a := range n.Ancestors() {
				if a.Type == html.ElementNode {
					c := a.Data
					if v := attribute(a, "class"); v != "" {
						c += "." + strings.ReplaceAll(v, " ", ".")
					}
					if v := attribute(a, "id"); v != "" {
						c += "#" + v
					}
					path = append(path, c)
				}
			}
			return strings.Join(path[:min(len(path), 5)], " < ")
		}
	}
	return "?"
}
