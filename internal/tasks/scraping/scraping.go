// Package scraping turns a URL into documents.
//
//	scrape_page     fetches one page and stores what a reader would read of it
//	scrape_feed     reads a feed, or the one that a page names, and sends its new pages
//	scrape_sitemap  reads a sitemap and sends the pages that are new or have changed
//	scrape_site     follows the links of a page within its site, and sends the new ones
//
// What became of each page is kept by package pages, and what a source brought by package sources. A
// page of a source that cannot be read is that source's trouble: it is tried again at its time, and no
// task of it ends in the dead letter. A page that somebody sent by hand has its task fail.
//
// Reading is pure and elsewhere: package feeds reads feeds, package article reads pages.
package scraping

import (
	"context"
	"time"

	"switchyard/internal/documents"
	"switchyard/internal/pages"
	"switchyard/internal/sources"
	"switchyard/internal/tasks"
	"switchyard/internal/web"
)

// The kinds of this package.
const (
	KindPage    = "scrape_page"
	KindFeed    = "scrape_feed"
	KindSitemap = "scrape_sitemap"
	KindSite    = "scrape_site"
)

// Fetcher fetches pages for tasks; [polite.Fetcher] does.
type Fetcher interface {
	Fetch(ctx context.Context, task string, r web.Request) (*web.Page, error)
}

// Documents keeps what was scraped; [documents.Store] does.
type Documents interface {
	Put(ctx context.Context, d documents.Document) (documents.State, error)
	Keep(ctx context.Context, id string) (bool, error)
}

// Pages knows what became of each page; [pages.Store] does.
type Pages interface {
	Get(ctx context.Context, url string) (pages.Page, error)
	Put(ctx context.Context, p pages.Page, led ...string) error
	Meet(ctx context.Context, source string, listed []pages.Listing) ([]pages.Page, error)
}

// Sources knows what each source brought; [sources.Store] does.
type Sources interface {
	Visited(ctx context.Context, name string, v sources.Visit) error
	Note(ctx context.Context, name string, page pages.Page) error
}

// Handlers perform the kinds of this package.
type Handlers struct {
	Fetcher   Fetcher
	Documents Documents
	Pages     Pages
	Sources   Sources
	Enqueuer  tasks.Enqueuer
	Now       func() time.Time
}

// Kinds returns the kinds of this package.
func Kinds() []tasks.Kind {
	return []tasks.Kind{
		tasks.KindOf[PageArgs](KindPage, 2), tasks.KindOf[FeedArgs](KindFeed, 1),
		tasks.KindOf[SitemapArgs](KindSitemap, 1), tasks.KindOf[SiteArgs](KindSite, 1),
	}
}

// ByKind returns the handler of each kind.
func (h Handlers) ByKind() tasks.Handlers {
	return tasks.Handlers{
		KindPage: tasks.Handle(h.scrapePage), KindFeed: tasks.Handle(h.scrapeFeed),
		KindSitemap: tasks.Handle(h.scrapeSitemap), KindSite: tasks.Handle(h.scrapeSite),
	}
}
