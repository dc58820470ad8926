package scraping

import (
	"errors"
	"fmt"
	"net/url"
	"time"

	"codeberg.org/readeck/go-readability/v2"

	"switchyard/internal/documents"
	"switchyard/internal/web"
)

// Bounds of what is read and kept. They are generous for pages written for people.
const (
	MaxHTML  = 4 << 20   // bytes of HTML in UTF-8; more is refused
	MaxText  = 256 << 10 // bytes of a document's text; the rest is cut
	MaxTitle = 300       // bytes of a document's title; the rest is cut

	maxElements = 50_000 // of one page; more is refused

	// maxNesting bounds the sum of the depths of a page's elements. Finding the main
	// text takes time in proportion to it: measured, about a second for each million.
	maxNesting = 2_000_000
)

// Extract makes a document of a fetched page: its main text without navigation, scripts
// and adverts, its title, language, time of publication and canonical URL. HTML and
// plain text are read; anything else, and a page with nothing to read, is an error that
// no retry can mend. Every string of the document is valid UTF-8 and bounded.
func Extract(page *web.Page) (documents.Document, error) {
	u, err := web.ParseURL(page.URL)
	if err != nil {
		return documents.Document{}, fmt.Errorf("extract: %w", err)
	}
	d, err := read(page, u)
	if err != nil {
		return documents.Document{}, fmt.Errorf("extract %s: %w", web.Redact(page.URL), err)
	}
	return d, nil
}

func read(page *web.Page, u *url.URL) (documents.Document, error) {
	switch kind := mediaType(page); {
	case len(page.Body) == 0:
		return documents.Document{}, errors.New("the page is empty")
	case isHTML(kind):
		return readHTML(page, u)
	case kind == "text/plain" || kind == "text/markdown":
		return readPlain(page, u)
	case isFeed(page):
		return documents.Document{}, fmt.Errorf("content type %q is a feed: use %s", kind, KindFeed)
	default:
		return documents.Document{}, fmt.Errorf("content type %q is not a page: only HTML and plain text can be read", kind)
	}
}

func readHTML(page *web.Page, u *url.URL) (documents.Document, error) {
	root, err := parseHTML(page)
	if err != nil {
		return documents.Document{}, err
	}
	if nested(root) {
		return documents.Document{}, errors.New("the page is nested too deeply: finding its text would take too long")
	}
	said := readMetadata(root)
	prune(root)
	parser := readability.NewParser()
	parser.MaxElemsToParse = maxElements
	article, err := fenced(func() (readability.Article, error) { return parser.ParseAndMutate(root, u) })
	if err != nil {
		return documents.Document{}, fmt.Errorf("find the main text: %w", err)
	}
	text := textOf(article)
	if text == "" {
		return documents.Document{}, errors.New("the page has no readable text: scripts that would draw it are not run")
	}
	published, err := fenced(article.PublishedTime)
	if err != nil {
		published = said.published
	}
	return documents.Document{
		URL:       claimed(u, said.canonical),
		Title:     titleOf(line(article.Title()), line(said.title), line(said.heading), firstLine(text)),
		Text:      text,
		Published: plausible(published, page.FetchedAt),
		Language:  languageOf(text, said.language, page.Header.Get("Content-Language")),
	}, nil
}

func readPlain(page *web.Page, u *url.URL) (documents.Document, error) {
	text := clean(web.DecodeText(page.Body, page.ContentType))
	if text == "" {
		return documents.Document{}, errors.New("the page has no readable text")
	}
	return documents.Document{
		URL:      documents.Canonical(u),
		Title:    firstLine(text),
		Text:     text,
		Language: languageOf(text, page.Header.Get("Content-Language")),
	}, nil
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
