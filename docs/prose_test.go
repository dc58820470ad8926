package docs

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/yuin/goldmark"
	"github.com/yuin/goldmark/ast"
	"github.com/yuin/goldmark/extension"
	"github.com/yuin/goldmark/parser"
	"github.com/yuin/goldmark/text"
)

// plain are the pages whose sentences are short.
var plain = []string{"*.md", "../*.md", "decisions/*.md", "../deploy/*.md"}

// maxWords is what a reader takes in at once, and one whose first language is another.
const maxWords = 25

var (
	markdown = goldmark.New(goldmark.WithExtensions(extension.Table), goldmark.WithParserOptions(parser.WithAutoHeadingID()))
	sentence = regexp.MustCompile(`[.!?:;]\s+`)
)

// page is one file, parsed.
type page struct {
	path   string
	source []byte
	root   ast.Node
}

// open returns the files that patterns name.
func open(t *testing.T, patterns ...string) []page {
	t.Helper()
	var pages []page
	for _, pattern := range patterns {
		paths, err := filepath.Glob(pattern)
		if err != nil || len(paths) == 0 {
			t.Fatalf("no page %s: %v", pattern, err)
		}
		for _, path := range paths {
			source, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			pages = append(pages, page{path, source, markdown.Parser().Parse(text.NewReader(source))})
		}
	}
	return pages
}

// each calls visit for every node of the page.
func (p page) each(visit func(ast.Node)) {
	_ = ast.Walk(p.root, func(n ast.Node, entering bool) (ast.WalkStatus, error) {
		if entering {
			visit(n)
		}
		return ast.WalkContinue, nil
	})
}

// words returns the text of a block; each piece of code in it counts as one word.
func (p page) words(block ast.Node) string {
	var b strings.Builder
	for n := block.FirstChild(); n != nil; n = n.NextSibling() {
		switch n := n.(type) {
		case *ast.CodeSpan:
			b.WriteString("CODE")
		case *ast.Text:
			b.Write(n.Segment.Value(p.source))
			if n.SoftLineBreak() {
				b.WriteByte(' ')
			}
		default:
			b.WriteString(p.words(n))
		}
	}
	return b.String()
}

func TestNoSentenceIsLong(t *testing.T) {
	for _, p := range open(t, plain...) {
		p.each(func(n ast.Node) {
			if n.Type() != ast.TypeBlock || n.FirstChild() == nil || n.FirstChild().Type() != ast.TypeInline {
				return
			}
			for _, s := range sentence.Split(p.words(n), -1) {
				if words := len(strings.Fields(s)); words > maxWords {
					t.Errorf("%s: a sentence of %d words, want at most %d: %s", p.path, words, maxWords, s)
				}
			}
		})
	}
}

func TestEveryLinkBetweenFilesLeadsSomewhere(t *testing.T) {
	for _, p := range open(t, "*.md", "decisions/*.md", "../*.md", "../deploy/*.md") {
		p.each(func(n ast.Node) {
			target := ""
			switch n := n.(type) {
			case *ast.Link:
				target = string(n.Destination)
			case *ast.Image:
				target = string(n.Destination)
			}
			if target == "" || strings.Contains(target, "://") || strings.HasPrefix(target, "/") {
				return // a page of somebody else's, or of the monitor
			}
			path, anchor, _ := strings.Cut(target, "#")
			if path = filepath.Join(filepath.Dir(p.path), path); strings.HasPrefix(target, "#") {
				path = p.path
			}
			if _, err := os.Stat(path); err != nil {
				t.Errorf("%s links to %s, which is not there", p.path, target)
			} else if anchor != "" && !hasHeading(open(t, path)[0], anchor) {
				t.Errorf("%s links to %s, which has no such heading", p.path, target)
			}
		})
	}
}

// hasHeading reports whether a page has a heading of this anchor.
func hasHeading(p page, anchor string) bool {
	found := false
	p.each(func(n ast.Node) {
		if id, ok := n.AttributeString("id"); ok {
			found = found || string(id.([]byte)) == anchor
		}
	})
	return found
}
