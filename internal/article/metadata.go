package article

import (
	"slices"
	"strings"

	"golang.org/x/net/html"
	"golang.org/x/net/html/atom"
)

// metadata is what an HTML page says of itself. Nothing of it is to be trusted.
type metadata struct {
	title     string
	heading   string // the first h1
	language  string
	canonical string
	author    string
	lead      string // the lines before the text that say what it is about, clean
	dates     dates
	data      linked
}

// readMetadata reads what a page says of itself. Of several answers the first holds.
func readMetadata(root *html.Node) metadata {
	var m metadata
	for n := range root.Descendants() {
		switch n.DataAtom {
		case atom.Html:
			keep(&m.language, attribute(n, "lang"))
		case atom.Title:
			keep(&m.title, content(n))
		case atom.H1:
			keep(&m.heading, content(n))
		case atom.Link:
			if slices.Contains(strings.Fields(strings.ToLower(attribute(n, "rel"))), "canonical") {
				keep(&m.canonical, attribute(n, "href"))
			}
		case atom.Meta:
			m.readMeta(n)
		case atom.Script:
			if strings.EqualFold(attribute(n, "type"), "application/ld+json") {
				m.data.read(content(n))
			}
		}
		if n.Type == html.ElementNode {
			m.dates.readElement(n)
			m.readLead(n)
			if isAuthor(n) {
				keep(&m.author, authorOf(content(n)))
			}
		}
	}
	m.dates.said = append(m.dates.said, m.data.dates...)
	if m.data.author != "" {
		m.author = m.data.author
	}
	return m
}

// leads are the words in the classes of the lines before a text.
var leads = words(`lead lede lead-lg intro introduction teaser vorspann standfirst subtitle subheadline subheading subline abstract excerpt chapo chapeau dek deck summary bajada hero-text heading-text article-intro`)

// readLead takes the first lines that are called a lead and link to nothing. A menu of leads
// has a link in each.
func (m *metadata) readLead(n *html.Node) {
	if m.lead != "" || m.heading == "" || n.DataAtom == atom.Figure || !hasWord(attribute(n, "class"), leads) {
		return
	}
	words := clean(content(n))
	if len(words) < minLead || len(words) > maxLead || links(n) {
		return
	}
	for parent := range n.Ancestors() {
		if parent.DataAtom == atom.A || parent.DataAtom == atom.Aside || parent.DataAtom == atom.Footer || parent.DataAtom == atom.Nav {
			return
		}
	}
	m.lead = words
}

const minLead, maxLead = 40, 1000 // bytes

func keep(field *string, value string) {
	if *field == "" {
		*field = strings.TrimSpace(value)
	}
}

func (m *metadata) readMeta(n *html.Node) {
	name := strings.ToLower(strings.TrimSpace(attribute(n, "name") + attribute(n, "property")))
	value := attribute(n, "content")
	switch name {
	case "author", "article:author", "dc.creator", "dcterms.creator", "parsely-author", "sailthru.author", "byl":
		keep(&m.author, authorOf(value))
	}
	m.dates.readMeta(name, attribute(n, "itemprop"), value)
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
