package scraping

import (
	"cmp"
	"context"
	"net/url"
	"slices"
	"time"

	"switchyard/internal/article"
	"switchyard/internal/documents"
	"switchyard/internal/pages"
	"switchyard/internal/tasks"
	"switchyard/internal/web"
)

// PageResult is the result of scrape_page.
type PageResult struct {
	Document string          `json:"document,omitempty"` // its ID
	URL      string          `json:"url"`                // its canonical URL
	Title    string          `json:"title,omitempty"`
	Language string          `json:"language,omitempty"`
	Source   string          `json:"source,omitempty"`
	State    documents.State `json:"state,omitempty"`
	// Page is what is known of the page now, and Error why it was given up, if it was.
	Page  pages.State `json:"page"`
	Error string      `json:"error,omitempty"`
}

func (h Handlers) scrapePage(ctx context.Context, t *tasks.Task, args PageArgs) (any, error) {
	known, err := h.Pages.Get(ctx, canonical(args.URL))
	if err != nil {
		return nil, err
	}
	request := web.Request{URL: known.Address(args.URL)}
	if known.State == pages.Seen && known.Document != "" {
		kept, err := h.Documents.Keep(ctx, known.Document)
		if err != nil {
			return nil, err
		}
		if kept { // else all of it is needed again
			request.Known = known.Validators
		}
	}
	page, err := h.Fetcher.Fetch(ctx, t.ID, request)
	if err != nil {
		return h.pageFailed(ctx, args, known, err)
	}
	if page.NotModified {
		known.Read(known.Document, page)
		result := PageResult{Document: known.Document, URL: known.URL, Source: args.Source, State: documents.Unchanged, Page: known.State}
		return result, h.keep(ctx, args.Source, known)
	}
	d, err := article.Read(ctx, page, args.Feed.hints())
	if err != nil {
		return h.pageFailed(ctx, args, known, tasks.Permanent(err))
	}
	d.Source = cmp.Or(args.Source, host(d.URL))
	return h.store(ctx, args, known, page, d)
}

// store stores what was read of a page, and that it was seen under each of its URLs.
func (h Handlers) store(ctx context.Context, args PageArgs, known pages.Page, page *web.Page, d documents.Document) (any, error) {
	state, err := h.Documents.Put(ctx, d)
	if err != nil {
		return nil, err
	}
	known.Read(documents.ID(d.URL), page)
	result := PageResult{
		Document: known.Document, URL: d.URL, Title: d.Title, Language: d.Language, Source: d.Source, State: state, Page: known.State,
	}
	return result, h.keep(ctx, args.Source, known, ledBy(known.URL, d.URL, page)...)
}

// keep keeps what is known of a page, for its source too.
func (h Handlers) keep(ctx context.Context, source string, p pages.Page, led ...string) error {
	p.Source = cmp.Or(source, p.Source)
	if err := h.Pages.Put(ctx, p, led...); err != nil || p.Source == "" {
		return err
	}
	return h.Sources.Note(ctx, p.Source, p)
}

// pageFailed says what becomes of the task of a page that was not read. A page of a source is tried
// again at its time by the same task, until it is given up.
func (h Handlers) pageFailed(ctx context.Context, args PageArgs, known pages.Page, err error) (any, error) {
	fault, its := faultOf(ctx, err)
	if !its || args.Source == "" {
		return nil, outcome(err)
	}
	now := h.Now()
	known.Fail(fault.reason, err.Error(), fault.atLeast, now)
	if kept := h.keep(ctx, args.Source, known); kept != nil {
		return nil, kept
	}
	if known.State == pages.Failed {
		return nil, tasks.Postponed(known.Next.Sub(now), "tried again "+known.Next.UTC().Format(time.RFC3339)+": "+known.Error)
	}
	return PageResult{URL: known.URL, Source: args.Source, Page: known.State, Error: known.Error}, nil
}

// ledBy returns the canonical forms of the other URLs that led to a page, so that a source that goes
// on listing them does not have it scraped again.
func ledBy(own, claimed string, page *web.Page) []string {
	urls := []string{claimed}
	for _, hop := range page.Hops {
		urls = append(urls, canonical(hop.URL))
	}
	slices.Sort(urls)
	return slices.DeleteFunc(slices.Compact(urls), func(u string) bool { return u == own })
}

// canonical returns the canonical form of a URL. What is no URL stays as it is.
func canonical(raw string) string {
	u, err := url.Parse(raw)
	if err != nil {
		return raw
	}
	return documents.Canonical(u)
}

func host(rawURL string) string {
	u, err := url.Parse(rawURL)
	if err != nil {
		return ""
	}
	return u.Host
}
