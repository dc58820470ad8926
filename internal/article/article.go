// Package article reads pages: a fetched page goes in, a document with its main text comes
// out. It needs neither network nor Redis.
//
// A page is decoded, measured by its tokens and parsed once. What it says of itself is read:
// title, author, dates, language, JSON-LD. What is never part of its text is cut off, and
// readability finds the main text in the rest. What the page lacks is taken from the feed that
// led to it.
package article

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/url"
	"time"

	"codeberg.org/readeck/go-readability/v2"
	"golang.org/x/net/html"

	"switchyard/internal/charset"
	"switchyard/internal/documents"
	"switchyard/internal/foreign"
	"switchyard/internal/web"
)

// Bounds of what is read and kept. They are generous for pages written for people.
const (
	MaxHTML   = 4 << 20   // bytes of HTML in UTF-8; more is refused
	MaxText   = 256 << 10 // bytes of a document's text; the rest is cut
	MaxTitle  = 300       // bytes of a document's title; the rest is cut
	MaxAuthor = 150       // bytes of the author; a longer one is none
	MaxData   = 32 << 10  // bytes of JSON-LD; an object that exceeds them is left out
)

// Hints are what a feed says of a page. They fill in what the page does not say itself.
type Hints struct {
	Title     string
	Author    string
	Published time.Time
	Text      string // plain; see [Plain]
}

// Read makes a document of a fetched page: its main text without navigation, scripts and
// adverts, its title, author, language, time of publication and canonical URL. HTML and plain
// text are read; anything else, and a page with nothing to read, is an error that no retry can
// mend. Every string of the document is valid UTF-8 and bounded. A large page may have to wait
// for the memory of others; ctx ends the wait.
func Read(ctx context.Context, page *web.Page, said Hints) (documents.Document, error) {
	u, err := web.ParseURL(page.URL)
	if err != nil {
		return documents.Document{}, fmt.Errorf("extract: %w", err)
	}
	d, err := read(ctx, page, u, said)
	if err != nil {
		return documents.Document{}, fmt.Errorf("extract %s: %w", web.Redact(page.URL), err)
	}
	return d, nil
}

func read(ctx context.Context, page *web.Page, u *url.URL, said Hints) (documents.Document, error) {
	switch kind := mediaType(page); {
	case len(page.Body) == 0:
		return documents.Document{}, errors.New("the page is empty")
	case isHTML(kind):
		return readHTML(ctx, page, u, said)
	case kind == "text/plain" || kind == "text/markdown":
		return readPlain(page, u, said)
	default:
		return documents.Document{}, fmt.Errorf("content type %q is not a page: only HTML and plain text can be read", kind)
	}
}

func readHTML(ctx context.Context, page *web.Page, u *url.URL, said Hints) (documents.Document, error) {
	source := charset.Decode(page.Body, page.ContentType)
	if len(source) > MaxHTML {
		return documents.Document{}, fmt.Errorf("the page has %d bytes of HTML: at most %d are read", len(source), MaxHTML)
	}
	source = withoutCode(source)
	if err := measure(source); err != nil {
		return documents.Document{}, err
	}
	done, err := enter(ctx, len(source))
	if err != nil {
		return documents.Document{}, err
	}
	defer done()
	root, err := parseHTML(source)
	if err != nil {
		return documents.Document{}, err
	}
	own := readMetadata(root)
	prune(root)
	article, err := mainPart(root)
	if err != nil {
		return documents.Document{}, fmt.Errorf("find the main text: %w", err)
	}
	text := longer(longer(withLead(own.lead, textOf(article)), own.data.body), said.Text)
	if text == "" {
		return documents.Document{}, errors.New("the page has no readable text: scripts that would draw it are not run")
	}
	published, guessed := own.dates.best(said.Published, u, page.FetchedAt)
	return documents.Document{
		URL:         claimed(u, own.canonical),
		Title:       titleOf(line(cmp.Or(own.data.headline, article.Title())), line(own.title), line(own.heading), line(said.Title), firstLine(text)),
		Author:      cmp.Or(own.author, authorOf(article.Byline()), authorOf(said.Author)),
		Text:        text,
		Published:   published,
		DateGuessed: guessed,
		Language:    languageOf(text, own.language, page.Header.Get("Content-Language")),
		Data:        own.data.raw,
	}, nil
}

// mainPart finds the main part of a page, and changes the page. Its links stay relative.
func mainPart(root *html.Node) (readability.Article, error) {
	parser := readability.NewParser()
	parser.DisableJSONLD = true                   // it is read already
	parser.Logger = slog.New(slog.DiscardHandler) // its own formats what it then discards
	return foreign.Parse(func() (readability.Article, error) { return parser.ParseAndMutate(root, nil) })
}

func readPlain(page *web.Page, u *url.URL, said Hints) (documents.Document, error) {
	text := clean(charset.Decode(page.Body, page.ContentType))
	if text == "" {
		return documents.Document{}, errors.New("the page has no readable text")
	}
	return documents.Document{
		URL:       documents.Canonical(u),
		Title:     cmp.Or(line(said.Title), firstLine(text)),
		Author:    authorOf(said.Author),
		Text:      text,
		Published: plausible(said.Published, page.FetchedAt),
		Language:  languageOf(text, page.Header.Get("Content-Language")),
	}, nil
}

// FromHints makes a document of what a feed says alone, for an item that has no page. The
// document gets the URL as it is.
func FromHints(url string, said Hints, read time.Time) (documents.Document, error) {
	text := clean(said.Text)
	if text == "" {
		return documents.Document{}, errors.New("the item has no readable text")
	}
	return documents.Document{
		URL:       url,
		Title:     cmp.Or(line(said.Title), firstLine(text)),
		Author:    authorOf(said.Author),
		Text:      text,
		Published: plausible(said.Published, read),
		Language:  languageOf(text),
	}, nil
}
