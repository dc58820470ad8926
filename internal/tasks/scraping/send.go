package scraping

import (
	"context"
	"fmt"

	"switchyard/internal/pages"
	"switchyard/internal/tasks"
)

// enqueueDue enqueues those of the pages that are to be fetched and returns their tasks.
func (h Handlers) enqueueDue(ctx context.Context, source string, listed []PageArgs) (enqueued []tasks.Receipt, err error) {
	listings, args := make([]pages.Listing, len(listed)), make(map[string]PageArgs, len(listed))
	for i, p := range listed {
		listings[i], args[p.URL] = pages.Listing{URL: p.URL, Changed: p.Feed.changed()}, p
	}
	due, err := h.Pages.Meet(ctx, source, listings)
	if err != nil {
		return nil, err
	}
	for _, p := range due {
		id := p.TaskID(KindPage, h.Now())
		receipt, err := h.Enqueuer.Enqueue(ctx, args[p.URL], tasks.Options{ID: id})
		if err != nil {
			return enqueued, fmt.Errorf("enqueue %s: %w", id, err)
		}
		if !receipt.Duplicate {
			enqueued = append(enqueued, receipt)
		}
	}
	return enqueued, nil
}

// enqueueSelf has the source's own URL scraped as a page: a page that is a source changes. Another
// attempt of the same task enqueues nothing more.
func (h Handlers) enqueueSelf(ctx context.Context, t *tasks.Task, args FeedArgs) (FeedResult, error) {
	known, err := h.Pages.Get(ctx, canonical(args.URL))
	if err != nil {
		return FeedResult{}, err
	}
	id := known.TaskID(KindPage, h.Now())
	if args.Source == "" {
		id = t.ID + "-page"
	}
	receipt, err := h.Enqueuer.Enqueue(ctx, PageArgs{URL: args.URL, Source: args.Source}, tasks.Options{ID: id})
	if err != nil {
		return FeedResult{}, fmt.Errorf("scrape feed: enqueue its page: %w", err)
	}
	if receipt.Duplicate {
		return FeedResult{Found: 1, Known: 1}, nil
	}
	return FeedResult{Found: 1, Enqueued: 1, Tasks: []tasks.Receipt{receipt}}, nil
}
