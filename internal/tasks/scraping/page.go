package scraping

import (
	"cmp"
	"context"
	"net/url"

	"switchyard/internal/article"
	"switchyard/internal/documents"
	"switchyard/internal/tasks"
)

// PageResult is the result of scrape_page.
type PageResult struct {
	Document string          `json:"document"` // its ID
	URL      string          `json:"url"`      // its canonical URL
	Title    string          `json:"title"`
	Language string          `json:"language,omitempty"`
	Source   string          `json:"source"`
	State    documents.State `json:"state"`
}

func (h Handlers) scrapePage(ctx context.Context, _ *tasks.Task, args PageArgs) (any, error) {
	page, err := h.Fetcher.Fetch(ctx, args.URL)
	if err != nil {
		return nil, outcome(err)
	}
	d, err := article.Read(ctx, page, args.Feed.hints())
	switch {
	case ctx.Err() != nil && err != nil:
		return nil, err
	case err != nil:
		return nil, tasks.Permanent(err)
	}
	d.Source = cmp.Or(args.Source, host(d.URL))
	state, err := h.Documents.Put(ctx, d, ledBy(args.URL, page.URL)...)
	if err != nil {
		return nil, err
	}
	return PageResult{
		Document: documents.ID(d.URL),
		URL:      d.URL,
		Title:    d.Title,
		Language: d.Language,
		Source:   d.Source,
		State:    state,
	}, nil
}

// ledBy returns the canonical forms of the URLs that led to a page, so that a feed that
// goes on listing them does not have it scraped again.
func ledBy(urls ...string) []string {
	var led []string
	for _, raw := range urls {
		if u, err := url.Parse(raw); err == nil {
			led = append(led, documents.Canonical(u))
		}
	}
	return led
}

func host(rawURL string) string {
	u, err := url.Parse(rawURL)
	if err != nil {
		return ""
	}
	return u.Host
}
