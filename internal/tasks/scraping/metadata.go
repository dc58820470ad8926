package scraping

import (
	"slices"
	"strings"
	"time"

	"golang.org/x/net/html"
	"golang.org/x/net/html/atom"
)

// metadata is what an HTML page says of itself. Nothing of it is to be trusted.
type metadata struct {
	title     string
	heading   string // the first h1
	language  string
	base      string // what relative links are relative to, empty for the page itself
	canonical string
	feed      string // the first it names
	published time.Time
}

// feedTypes are the media types feeds are announced with.
var feedTypes = []string{"application/rss+xml", "application/atom+xml", "application/feed+json"}

// readMetadata reads what a page says in passing. Of several answers the first holds.
func readMetadata(root *html.Node) metadata {
	var m metadata
	for n := range root.Descendants() {
		switch n.DataAtom {
		case atom.Html:
			keep(&m.language, attribute(n, "lang"))
		case atom.Base:
			keep(&m.base, attribute(n, "href"))
		case atom.Title:
			keep(&m.title, content(n))
		case atom.H1:
			keep(&m.heading, content(n))
		case atom.Link:
			m.readLink(n)
		case atom.Time:
			m.readTime(n)
		}
	}
	return m
}

func keep(field *string, value string) {
	if *field == "" {
		*field = strings.TrimSpace(value)
	}
}

func (m *metadata) readLink(n *html.Node) {
	relations := strings.Fields(strings.ToLower(attribute(n, "rel")))
	mediaType, _, _ := strings.Cut(strings.ToLower(attribute(n, "type")), ";")
	switch {
	case slices.Contains(relations, "canonical"):
		keep(&m.canonical, attribute(n, "href"))
	case slices.Contains(relations, "alternate") && slices.Contains(feedTypes, strings.TrimSpace(mediaType)):
		keep(&m.feed, attribute(n, "href"))
	}
}

// readTime takes the first time of the main part of a page for the one at which it was
// published, if the page has no better way to say so.
func (m *metadata) readTime(n *html.Node) {
	if !m.published.IsZero() {
		return
	}
	main := attribute(n, "itemprop") == "datePublished"
	for parent := range n.Ancestors() {
		main = main || parent.DataAtom == atom.Main || parent.DataAtom == atom.Article
	}
	if !main {
		return
	}
	for _, layout := range []string{time.RFC3339, "2006-01-02T15:04:05", "2006-01-02T15:04", time.DateTime, time.DateOnly} {
		if t, err := time.Parse(layout, strings.TrimSpace(attribute(n, "datetime"))); err == nil {
			m.published = t
			return
		}
	}
}

// prune removes what is never part of a text. Finding the main text of a short page goes
// by little, and a row of links then looks like a paragraph.
func prune(root *html.Node) {
	var away []*html.Node
	for n := range root.Descendants() {
		if n.DataAtom == atom.Nav || n.DataAtom == atom.Footer {
			away = append(away, n)
		}
	}
	for _, n := range away {
		n.Parent.RemoveChild(n)
	}
}

func attribute(n *html.Node, name string) string {
	for _, a := range n.Attr {
		if a.Key == name {
			return a.Val
		}
	}
	return ""
}

// content returns the text inside n.
func content(n *html.Node) string {
	var text strings.Builder
	for d := range n.Descendants() {
		if d.Type == html.TextNode {
			text.WriteString(d.Data)
		}
	}
	return text.String()
}
