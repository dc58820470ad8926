// Package scraping turns a URL into documents.
//
// scrape_page fetches one page and stores what a reader would read of it. scrape_feed
// reads an RSS, Atom or JSON feed and enqueues a scrape_page for each page not seen
// before; given the address of a page instead, it looks for the feed the page names and,
// if there is none, has the page itself scraped.
//
// Reading is pure and elsewhere: package feeds reads feeds, package article reads pages.
package scraping

import (
	"context"
	"errors"

	"switchyard/internal/documents"
	"switchyard/internal/tasks"
	"switchyard/internal/web"
)

// The kinds of this package.
const (
	KindPage = "scrape_page"
	KindFeed = "scrape_feed"
)

// Fetcher fetches pages; [web.Fetcher] does.
type Fetcher interface {
	Fetch(ctx context.Context, url string) (*web.Page, error)
}

// Documents keeps what was scraped; [documents.Store] does.
type Documents interface {
	Put(ctx context.Context, d documents.Document, led ...string) (documents.State, error)
	Seen(ctx context.Context, urls []string) (map[string]bool, error)
}

// Handlers perform the kinds of this package.
type Handlers struct {
	Fetcher   Fetcher
	Documents Documents
	Enqueuer  tasks.Enqueuer
}

// Kinds returns the kinds of this package.
func Kinds() []tasks.Kind {
	return []tasks.Kind{tasks.KindOf[PageArgs](KindPage, 2), tasks.KindOf[FeedArgs](KindFeed, 1)}
}

// ByKind returns the handler of each kind.
func (h Handlers) ByKind() tasks.Handlers {
	return tasks.Handlers{KindPage: tasks.Handle(h.scrapePage), KindFeed: tasks.Handle(h.scrapeFeed)}
}

// outcome says what becomes of a task whose fetch failed.
func outcome(err error) error {
	var failed *web.Error
	switch {
	case !errors.As(err, &failed):
		return err
	case !failed.Temporary:
		return tasks.Permanent(err)
	case failed.RetryAfter > 0:
		return tasks.RetryAfter(failed.RetryAfter, err)
	}
	return err
}
