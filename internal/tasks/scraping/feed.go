package scraping

import (
	"cmp"
	"context"
	"errors"
	"fmt"

	"switchyard/internal/documents"
	"switchyard/internal/feeds"
	"switchyard/internal/tasks"
	"switchyard/internal/web"
)

// FeedResult is the result of the kinds that visit a source: scrape_feed, scrape_sitemap and
// scrape_site.
type FeedResult struct {
	// Feed is the URL of what was read, empty if the task's URL is a page without a feed.
	Feed     string `json:"feed,omitempty"`
	Found    int    `json:"found"`    // pages, without repetitions, within the limit
	Enqueued int    `json:"enqueued"` // of those
	Known    int    `json:"known"`    // of those: seen before, tried again later, gone, or their task is still there
	// Stored are the items that became documents themselves, new or with other words: they have
	// no page of their own.
	Stored   int `json:"stored,omitempty"`
	Unusable int `json:"unusable"` // items that name no http or https page and say nothing, and damaged ones
	// Unchanged says that the source is as it was, and was not read again.
	Unchanged bool `json:"unchanged,omitempty"`
	// Error says why a source could not be read. It is visited again as its schedule says.
	Error string `json:"error,omitempty"`
	// Tasks are the pages enqueued, for whoever wants to follow them.
	Tasks []tasks.Receipt `json:"tasks,omitempty"`

	title string // what the source calls itself
}

func (h Handlers) scrapeFeed(ctx context.Context, t *tasks.Task, args FeedArgs) (any, error) {
	var finder feedFinder
	return h.visit(ctx, t, source{args.URL, args.Source}, finder.next, func(page *web.Page) (FeedResult, error) {
		feed, err := feeds.Read(page.Body, page.ContentType, page.URL)
		switch {
		case err == nil:
		case finder.feed == "": // a page that names no feed
			return h.enqueueSelf(ctx, t, args)
		case errors.Is(err, feeds.ErrNone):
			return FeedResult{}, tasks.Permanent(fmt.Errorf("scrape feed %s: the feed cannot be read: %w", web.Redact(page.URL), err))
		default:
			return FeedResult{}, tasks.Permanent(fmt.Errorf("scrape feed %s: %w", web.Redact(page.URL), err))
		}
		found := readEntries(feed, page.URL, cmp.Or(args.Limit, DefaultLimit), args.Source, page.FetchedAt)
		result, err := h.take(ctx, args.Source, found)
		result.Feed, result.title, result.Unusable = page.URL, feed.Title, found.unusable+feed.Damaged
		return result, err
	})
}

// feedFinder finds the feed that the first page announces, if that is none itself.
type feedFinder struct {
	looked bool
	feed   string // its URL
}

func (f *feedFinder) next(page *web.Page) (string, error) {
	if f.looked || page.NotModified {
		return "", nil
	}
	f.looked = true
	if _, err := feeds.Read(page.Body, page.ContentType, page.URL); err == nil {
		return "", nil
	}
	feed, err := announcedFeed(page)
	if err != nil {
		return "", tasks.Permanent(fmt.Errorf("scrape feed %s: %w", web.Redact(page.URL), err))
	}
	f.feed = feed
	return feed, nil
}

// take enqueues the pages that are to be fetched, and stores the items that have none.
func (h Handlers) take(ctx context.Context, source string, found entries) (FeedResult, error) {
	result := FeedResult{Found: len(found.pages) + len(found.whole)}
	for _, d := range found.whole {
		d.Source = cmp.Or(d.Source, host(d.URL))
		state, err := h.Documents.Put(ctx, d)
		if err != nil {
			return result, err
		}
		if state != documents.Unchanged {
			result.Stored++
		}
	}
	enqueued, err := h.enqueueDue(ctx, source, found.pages)
	result.Enqueued, result.Tasks = len(enqueued), enqueued
	result.Known = result.Found - result.Enqueued - result.Stored
	return result, err
}
