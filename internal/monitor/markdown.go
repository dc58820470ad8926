package monitor

import (
	"bytes"
	"errors"
	"fmt"
	"html/template"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/microcosm-cc/bluemonday"
	"github.com/yuin/goldmark"
	"github.com/yuin/goldmark/ast"
	"github.com/yuin/goldmark/extension"
	"github.com/yuin/goldmark/parser"
	"github.com/yuin/goldmark/text"
)

var (
	markdown = goldmark.New(
		goldmark.WithExtensions(extension.Table),
		goldmark.WithParserOptions(parser.WithAutoHeadingID()),
	)
	ours = bluemonday.UGCPolicy().RequireNoFollowOnLinks(false)
)

// readDocument renders one Markdown file. It must have a first-level heading, a line
// "Published: 2006-01-02" and a paragraph, which are what a list and a feed of pages
// are made of.
func readDocument(name string, source []byte) (document, error) {
	date, source, err := cutDate(source)
	if err != nil {
		return document{}, err
	}
	root := markdown.Parser().Parse(text.NewReader(source))
	d := document{Name: name, Published: date, Title: cutTitle(root, source), Summary: summary(root, source)}
	if d.Title == "" || d.Summary == "" {
		return d, errors.New("needs a first-level heading and a paragraph")
	}
	linkPages(root)
	var out bytes.Buffer
	if err := markdown.Renderer().Render(&out, source, root); err != nil {
		return d, fmt.Errorf("render: %w", err)
	}
	d.Body = template.HTML(ours.SanitizeBytes(out.Bytes()))
	return d, nil
}

var published = regexp.MustCompile(`(?m)^Published: (.*)$`)

// cutDate returns the publication date and the source without its line.
func cutDate(source []byte) (time.Time, []byte, error) {
	line := published.FindSubmatchIndex(source)
	if line == nil {
		return time.Time{}, nil, errors.New(`has no publication date: add a line such as "Published: 2006-01-02" below the heading`)
	}
	value := strings.TrimSpace(string(source[line[2]:line[3]]))
	date, err := time.Parse(time.DateOnly, value)
	if err != nil {
		return time.Time{}, nil, fmt.Errorf("publication date %q: write it as 2006-01-02", value)
	}
	return date, slices.Concat(source[:line[0]], source[line[1]:]), nil
}

// cutTitle takes the first first-level heading out of the page, whose template shows
// it above the date.
func cutTitle(root ast.Node, source []byte) string {
	for n := root.FirstChild(); n != nil; n = n.NextSibling() {
		if heading, ok := n.(*ast.Heading); ok && heading.Level == 1 {
			root.RemoveChild(root, n)
			return plain(n, source)
		}
	}
	return ""
}

// summary returns the text of the first paragraph.
func summary(root ast.Node, source []byte) string {
	for n := root.FirstChild(); n != nil; n = n.NextSibling() {
		if n.Kind() == ast.KindParagraph {
			return plain(n, source)
		}
	}
	return ""
}

// plain returns the text of a node without its markup.
func plain(n ast.Node, source []byte) string {
	var b strings.Builder
	_ = ast.Walk(n, func(n ast.Node, entering bool) (ast.WalkStatus, error) {
		switch t := n.(type) {
		case *ast.Text:
			if entering {
				b.Write(t.Value(source))
				if t.SoftLineBreak() || t.HardLineBreak() {
					b.WriteByte(' ')
				}
			}
		case *ast.String:
			if entering {
				b.Write(t.Value)
			}
		}
		return ast.WalkContinue, nil
	})
	return strings.TrimSpace(b.String())
}

// linkPages turns links between files, which work where the files are read, into
// links between pages: redis.md#keys becomes /docs/redis#keys.
func linkPages(root ast.Node) {
	_ = ast.Walk(root, func(n ast.Node, entering bool) (ast.WalkStatus, error) {
		if link, ok := n.(*ast.Link); ok && entering {
			link.Destination = pageLink(link.Destination)
		}
		return ast.WalkContinue, nil
	})
}

var fileLink = regexp.MustCompile(`^(?:\./)?([A-Za-z0-9_-]+)\.md(#.*)?$`)

func pageLink(destination []byte) []byte {
	return fileLink.ReplaceAll(destination, []byte("/docs/$1$2"))
}
