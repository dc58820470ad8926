package scraping

import (
	"cmp"
	"context"
	"fmt"

	"switchyard/internal/documents"
	"switchyard/internal/feeds"
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
	// Stored are the items that became documents themselves, new or with other words: they have
	// no page of their own.
	Stored   int `json:"stored,omitempty"`
	Unusable int `json:"unusable"` // items that name no http or https page and say nothing, and damaged ones
	// Tasks are the pages enqueued, for whoever wants to follow them.
	Tasks []tasks.Receipt `json:"tasks,omitempty"`
}

func (h Handlers) scrapeFeed(ctx context.Context, t *tasks.Task, args FeedArgs) (any, error) {
	page, err := h.Fetcher.Fetch(ctx, args.URL)
	if err != nil {
		return nil, outcome(err)
	}
	feed, err := feeds.Read(page.Body, page.ContentType, page.URL)
	if err != nil {
		link, err := announcedFeed(page)
		if err != nil {
			return nil, tasks.Permanent(fmt.Errorf("scrape feed %s: %w", web.Redact(page.URL), err))
		}
		if link == "" {
			return h.enqueuePage(ctx, t, args)
		}
		if page, err = h.Fetcher.Fetch(ctx, link); err != nil {
			return nil, outcome(err)
		}
		if feed, err = feeds.Read(page.Body, page.ContentType, page.URL); err != nil {
			return nil, tasks.Permanent(fmt.Errorf("scrape feed %s: the feed cannot be read: %w", web.Redact(page.URL), err))
		}
	}
	found := readEntries(feed, page.URL, cmp.Or(args.Limit, DefaultLimit), args.Source, page.FetchedAt)
	result, err := h.take(ctx, found)
	if err != nil {
		return nil, fmt.Errorf("scrape feed %s: %w", web.Redact(page.URL), err)
	}
	result.Feed, result.Unusable = page.URL, found.unusable+feed.Damaged
	return result, nil
}

// take enqueues the pages that are not known, and stores the items that have none.
func (h Handlers) take(ctx context.Context, found entries) (FeedResult, error) {
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
	enqueued, err := h.enqueueNew(ctx, found.pages)
	if err != nil {
		return result, err
	}
	result.Enqueued, result.Tasks = len(enqueued), enqueued
	result.Known = result.Found - result.Enqueued - result.Stored
	return result, nil
}

// enqueueNew enqueues those of the pages that are not known and returns their tasks. The
// task ID is made of the URL, so a page waiting, running or in the dead letter is not
// enqueued again until its task is gone.
func (h Handlers) enqueueNew(ctx context.Context, pages []PageArgs) (enqueued []tasks.Receipt, err error) {
	urls := make([]string, len(pages))
	for i, p := range pages {
		urls[i] = p.URL
	}
	seen, err := h.Documents.Seen(ctx, urls)
	if err != nil {
		return nil, err
	}
	for _, p := range pages {
		if seen[p.URL] {
			continue
		}
		id := KindPage + "-" + documents.ID(p.URL)
		receipt, err := h.Enqueuer.Enqueue(ctx, p, tasks.Options{ID: id})
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
