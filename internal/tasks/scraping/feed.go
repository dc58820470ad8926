package scraping

import (
	"cmp"
	"context"

	"switchyard/internal/documents"
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
	// Continued says that another task reads a further part of the source.
	Continued bool `json:"continued,omitempty"`
	// Tasks are the pages enqueued, for whoever wants to follow them.
	Tasks []tasks.Receipt `json:"tasks,omitempty"`

	title string // what the source calls itself
}

func (h Handlers) scrapeFeed(ctx context.Context, t *tasks.Task, args FeedArgs) (any, error) {
	v, err := h.begin(ctx, t, args.URL, args.Source)
	if err != nil {
		return nil, err
	}
	finder := feedFinder{guess: h.Now().Sub(v.known.Searched) >= rereadAfter}
	v.request.Next, v.settle = finder.next, finder.settle
	v.request.Instead = func(err error) string { return finder.instead(faultOf(ctx, err)) }
	v.read = func(ctx context.Context, page *web.Page) (FeedResult, error) {
		if finder.guess && finder.page != nil {
			v.known.Searched = h.Now()
		}
		if finder.feed == nil {
			return h.enqueueSelf(ctx, t, args)
		}
		found := readEntries(finder.feed, page.URL, cmp.Or(args.Limit, DefaultLimit), args.Source, page.FetchedAt)
		result, err := h.take(ctx, args.Source, found)
		result.Feed, result.title, result.Unusable = page.URL, finder.feed.Title, found.unusable+finder.feed.Damaged
		return result, err
	}
	return v.begins(ctx)
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
