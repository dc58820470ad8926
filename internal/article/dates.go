package article

import (
	"net/url"
	"regexp"
	"slices"
	"strings"
	"time"

	"golang.org/x/net/html"
	"golang.org/x/net/html/atom"
)

// dates are what a page has to say of when it was published, as it is written.
type dates struct {
	said    []string // by what is meant to say it
	timed   []string // by times in its main part
	visible []string // by words in the places where pages have their date
	changed []string // of the last change
}

// best returns the best date there is, in UTC, and whether it is a guess. What the page says
// for programs comes first, then what its feed says, then what readers would take it from: the
// page's address and its words. No date is better than one that cannot be.
func (d dates) best(feed time.Time, u *url.URL, fetched time.Time) (published time.Time, guessed bool) {
	first := func(written []string) time.Time {
		for _, w := range written {
			if t := plausible(parseDate(w), fetched); !t.IsZero() {
				return t
			}
		}
		return time.Time{}
	}
	if t := first(d.said); !t.IsZero() {
		return t, false
	}
	if t := plausible(feed, fetched); !t.IsZero() {
		return t, false
	}
	if t := first(d.timed); !t.IsZero() {
		return t, false
	}
	for _, guess := range []func() time.Time{
		func() time.Time { return plausible(dateOfPath(u.Path), fetched) },
		func() time.Time { return first(d.visible) },
		func() time.Time { return first(d.changed) },
	} {
		if t := guess(); !t.IsZero() {
			return t, true
		}
	}
	return time.Time{}, false
}

// plausible returns t in UTC, or no time at all if the page could not have been
// published then: before the web was, or more than a day, a time zone's worth, after it
// was fetched.
func plausible(t, fetched time.Time) time.Time {
	if t.Year() < 1990 || t.After(fetched.Add(24*time.Hour)) {
		return time.Time{}
	}
	return t.UTC().Truncate(time.Second)
}

var published = []string{
	"article:published_time", "og:article:published_time", "og:published_time", "datepublished", "date", "dc.date", "dc.date.issued",
	"dc.date.created", "dcterms.date", "dcterms.created", "dcterms.issued", "dc.created", "pubdate", "publishdate", "publish-date", "publish_date",
	"publication_date", "published_time", "article.published", "article:published", "article_date_original", "cxenseparse:recs:publishtime",
	"parsely-pub-date", "sailthru.date", "shareaholic:article_published_time", "citation_publication_date", "citation_date", "bt:pubdate",
	"last-modified-date", "displaydate", "release_date", "rnews:datepublished", "originalpublicationdate", "vr:published_time", "dateposted",
}

var changed = []string{"article:modified_time", "og:updated_time", "datemodified", "dcterms.modified", "lastmod", "last-modified", "revised"}

func (d *dates) readMeta(name, itemprop, value string) {
	for _, n := range []string{name, strings.ToLower(itemprop)} {
		switch {
		case slices.Contains(published, n):
			d.said = append(d.said, value)
		case slices.Contains(changed, n):
			d.changed = append(d.changed, value)
		}
	}
}

// maxDates bounds the dates of each sort that are looked at.
const maxDates = 20

// dated are the words in the classes and IDs of elements that hold a page's date.
var dated = words(`
	date dates datum fecha data published publish pubdate posted postdate time timestamp byline meta dateline postmeta erstellt created
	datetime publishdate entrydate articledate zeit
`)

func (d *dates) readElement(n *html.Node) {
	if n.DataAtom != atom.Meta && attribute(n, "itemprop") == "datePublished" {
		d.said = append(d.said, attribute(n, "datetime"), attribute(n, "content"), content(n))
		return
	}
	if n.DataAtom == atom.Time {
		d.readTime(n)
		return
	}
	if len(d.visible) == maxDates || n.FirstChild == nil {
		return
	}
	switch n.DataAtom {
	case atom.Div, atom.Span, atom.P, atom.Li, atom.Small, atom.Abbr, atom.Header, atom.Em, atom.A, atom.Section, atom.Ul, atom.Dd, atom.Td:
	default:
		return
	}
	if hasWord(attribute(n, "class"), dated) || hasWord(attribute(n, "id"), dated) {
		if words := content(n); len(words) < maxDate {
			d.visible = append(d.visible, words)
		}
	}
}

// readTime takes a time of the main part of a page for the one at which it was published.
// Elsewhere it may be another page's.
func (d *dates) readTime(n *html.Node) {
	if len(d.timed) == maxDates {
		return
	}
	written := []string{attribute(n, "datetime"), content(n)}
	for parent := range n.Ancestors() {
		if parent.DataAtom == atom.Main || parent.DataAtom == atom.Article {
			d.timed = append(d.timed, written...)
			return
		}
	}
	d.visible = append(d.visible, written...)
}

var pathDate = regexp.MustCompile(`(?:^|\D)(199\d|20\d\d)[/_-]?(0[1-9]|1[0-2])[/_-]?(0[1-9]|[12]\d|3[01])(?:\D|$)`)

// dateOfPath returns the day that a path such as /2026/02/03/news names.
func dateOfPath(path string) time.Time {
	m := pathDate.FindStringSubmatch(path)
	if m == nil {
		return time.Time{}
	}
	return day(m[1], m[2], m[3])
}
