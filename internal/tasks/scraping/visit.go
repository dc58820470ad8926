package scraping

import (
	"context"
	"fmt"
	"time"

	"switchyard/internal/pages"
	"switchyard/internal/sources"
	"switchyard/internal/tasks"
	"switchyard/internal/web"
)

const (
	// rereadAfter is after how long a source is read although it has not changed: the pages that it
	// lists are forgotten if they are not met for long.
	rereadAfter = 7 * 24 * time.Hour
	// soonAgain is how many failures in a row have a source visited before its schedule says.
	soonAgain = 2
)

// source is what a task visits.
type source struct {
	url  string
	name string // "" for one that nobody keeps books on
}

// visit fetches a source and has read read it, unless it is as it was. next names what is to be
// fetched in the place of a page; nil: nothing is.
func (h Handlers) visit(ctx context.Context, t *tasks.Task, s source, next func(*web.Page) (string, error), read func(*web.Page) (FeedResult, error)) (any, error) {
	known, err := h.Pages.Get(ctx, visitKey(s.url))
	if err != nil {
		return nil, err
	}
	request, now := web.Request{URL: s.url, Next: next}, h.Now()
	if s.name != "" && known.State == pages.Seen && now.Sub(known.Visited) < rereadAfter {
		if now.Before(known.Fresh) {
			return FeedResult{Unchanged: true}, h.visited(ctx, s, FeedResult{Unchanged: true})
		}
		request.Known = known.Validators
	}
	page, err := h.Fetcher.Fetch(ctx, t.ID, request)
	var result FeedResult
	switch {
	case err != nil:
	case page.NotModified:
		result.Unchanged = true
		known.Renew(page)
	default:
		if result, err = read(page); err == nil {
			known.Read("", page) // only now that all it lists is taken in
		}
	}
	if err != nil {
		return h.visitFailed(ctx, s, known, err)
	}
	if err := h.Pages.Put(ctx, known); err != nil {
		return nil, err
	}
	return result, h.visited(ctx, s, result)
}

// visitKey returns the URL under which a source is known, which is not that of a page: a page may be
// its own source.
func visitKey(url string) string { return "source:" + canonical(url) }

// visited notes a visit, if the source has a name.
func (h Handlers) visited(ctx context.Context, s source, r FeedResult) error {
	if s.name == "" {
		return nil
	}
	return h.Sources.Visited(ctx, s.name, sources.Visit{
		At: h.Now().UTC().Truncate(time.Second), URL: s.url, Feed: r.Feed, Title: r.title, Found: r.Found, New: r.Enqueued + r.Stored, Unchanged: r.Unchanged, Error: r.Error,
	})
}

// visitFailed says what becomes of the task of a source that was not read.
func (h Handlers) visitFailed(ctx context.Context, s source, known pages.Page, err error) (any, error) {
	fault, its := faultOf(ctx, err)
	if !its || s.name == "" {
		return nil, outcome(err)
	}
	now := h.Now()
	known.Fail(fault.reason, err.Error(), fault.atLeast, now)
	if err := h.Pages.Put(ctx, known); err != nil {
		return nil, err
	}
	result := FeedResult{Error: known.Error}
	if err := h.visited(ctx, s, result); err != nil {
		return nil, err
	}
	if fault.reason == pages.Unavailable && known.Failures <= soonAgain {
		return nil, tasks.Postponed(known.Next.Sub(now), "visited again "+known.Next.UTC().Format(time.RFC3339)+": "+known.Error)
	}
	return result, nil
}

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
