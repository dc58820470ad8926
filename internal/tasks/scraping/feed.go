package scraping

import (
	"cmp"
	"context"
	"fmt"

	"switchyard/internal/documents"
	"switchyard/internal/tasks"
	"switchyard/internal/web"
)

// FeedResult is the result of scrape_feed.
type FeedResult struct {
	// Feed is the URL of the feed that was read, empty if the task's URL is a page
	// without one.
	Feed     string `json:"feed,omitempty"`
	Found    int    `json:"found"`    // pages, without repetitions, within the limit
	Enqueued int    `json:"enqueued"` // of those
	Known    int    `json:"known"`    // of those: scraped before, or their task is still there
	Unusable int    `json:"unusable"` // items that name no http or https page
	// Tasks are the pages enqueued, for whoever wants to follow them.
	Tasks []tasks.Receipt `json:"tasks,omitempty"`
}

func (h Handlers) scrapeFeed(ctx context.Context, t *tasks.Task, args FeedArgs) (any, error) {
	var finder feedFinder
	page, err := h.Fetcher.Fetch(ctx, t.ID, web.Request{URL: args.URL, Next: finder.next})
	if err != nil {
		return nil, outcome(err)
	}
	if !isFeed(page) && finder.feed == "" {
		return h.enqueuePage(ctx, t, args)
	}
	urls, unusable, err := entries(page, cmp.Or(args.Limit, DefaultLimit))
	if err != nil {
		return nil, tasks.Permanent(fmt.Errorf("scrape feed %s: %w", web.Redact(page.URL), err))
	}
	enqueued, err := h.enqueueNew(ctx, urls, args.Source)
	if err != nil {
		return nil, fmt.Errorf("scrape feed %s: %w", web.Redact(page.URL), err)
	}
	return FeedResult{
		Feed:     page.URL,
		Found:    len(urls),
		Enqueued: len(enqueued),
		Known:    len(urls) - len(enqueued),
		Unusable: unusable,
		Tasks:    enqueued,
	}, nil
}

// feedFinder finds the feed that the first page announces, if that is none itself.
type feedFinder struct {
	looked bool
	feed   string // its URL
}

func (f *feedFinder) next(page *web.Page) (string, error) {
	if f.looked || isFeed(page) {
		return "", nil
	}
	f.looked = true
	feed, err := announcedFeed(page)
	if err != nil {
		return "", tasks.Permanent(fmt.Errorf("scrape feed %s: %w", web.Redact(page.URL), err))
	}
	f.feed = feed
	return feed, nil
}

// enqueueNew enqueues the pages among urls that are not known and returns their tasks. The
// task ID is made of the URL, so a page waiting, running or in the dead letter is not
// enqueued again until its task is gone.
func (h Handlers) enqueueNew(ctx context.Context, urls []string, source string) (enqueued []tasks.Receipt, err error) {
	seen, err := h.Documents.Seen(ctx, urls)
	if err != nil {
		return nil, err
	}
	for _, u := range urls {
		if seen[u] {
			continue
		}
		id := KindPage + "-" + documents.ID(u)
		receipt, err := h.Enqueuer.Enqueue(ctx, PageArgs{URL: u, Source: source}, tasks.Options{ID: id})
		if err != nil {
			return nil, fmt.Errorf("enqueue %s: %w", id, err)
		}
		if !receipt.Duplicate {
			enqueued = append(enqueued, receipt)
		}
	}
	return enqueued, nil
}

// enqueuePage has the feed's own URL scraped as a page, each time anew: a page that is a
// source changes. Another attempt of the same task enqueues nothing more.
func (h Handlers) enqueuePage(ctx context.Context, t *tasks.Task, args FeedArgs) (any, error) {
	receipt, err := h.Enqueuer.Enqueue(ctx, PageArgs{URL: args.URL, Source: args.Source}, tasks.Options{ID: t.ID + "-page"})
	if err != nil {
		return nil, fmt.Errorf("scrape feed: enqueue its page: %w", err)
	}
	if receipt.Duplicate {
		return FeedResult{Found: 1, Known: 1}, nil
	}
	return FeedResult{Found: 1, Enqueued: 1, Tasks: []tasks.Receipt{receipt}}, nil
}
