package scraping

import (
	"cmp"
	"context"
	"net/url"

	"switchyard/internal/documents"
	"switchyard/internal/tasks"
	"switchyard/internal/web"
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

func (h Handlers) scrapePage(ctx context.Context, t *tasks.Task, args PageArgs) (any, error) {
	page, err := h.Fetcher.Fetch(ctx, t.ID, web.Request{URL: args.URL})
	if err != nil {
		return nil, outcome(err)
	}
	d, err := Extract(page)
	if err != nil {
		return nil, tasks.Permanent(err)
	}
	d.Source = cmp.Or(args.Source, host(d.URL))
	state, err := h.Documents.Put(ctx, d, ledBy(page)...)
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
func ledBy(page *web.Page) []string {
	var led []string
	for _, hop := range page.Hops {
		if u, err := url.Parse(hop.URL); err == nil {
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
