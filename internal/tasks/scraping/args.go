package scraping

import (
	"switchyard/internal/tasks"
	"switchyard/internal/web"
)

// Bounds of the arguments.
const (
	DefaultLimit = 50  // pages that one visit to a source is about
	MaxLimit     = 500 // pages that one visit to a source is about
	MaxDepth     = 3   // links that are followed one after the other
	MaxSource    = 200 // bytes of a source's name
)

// PageArgs are the arguments of scrape_page.
type PageArgs struct {
	URL string `json:"url"`
	// Source is the name documents of this source carry. The page's host by default.
	Source string `json:"source,omitempty"`
	// Feed is what the feed that led to the page says of it, nil if none did.
	Feed *FeedHint `json:"feed,omitempty"`
}

// Kind implements tasks.Args.
func (PageArgs) Kind() string { return KindPage }

// Validate implements tasks.Validator.
func (a PageArgs) Validate() error {
	if err := a.Feed.validate(); err != nil {
		return err
	}
	return validate(a.URL, a.Source)
}

// FeedArgs are the arguments of scrape_feed.
type FeedArgs struct {
	URL string `json:"url"`
	// Source is handed to the scrape_page of each item.
	Source string `json:"source,omitempty"`
	// Limit is how many of the newest items are looked at. 0 means [DefaultLimit].
	Limit int `json:"limit,omitempty"`
}

// Kind implements tasks.Args.
func (FeedArgs) Kind() string { return KindFeed }

// Validate implements tasks.Validator.
func (a FeedArgs) Validate() error {
	if err := validateLimit(a.Limit); err != nil {
		return err
	}
	return validate(a.URL, a.Source)
}

// SitemapArgs are the arguments of scrape_sitemap.
type SitemapArgs struct {
	// URL is a sitemap, an index of some, robots.txt, or the front page of a site.
	URL string `json:"url"`
	// Source is handed to the scrape_page of each page.
	Source string `json:"source,omitempty"`
	// Limit is how many of the newest pages are looked at. 0 means [DefaultLimit].
	Limit int `json:"limit,omitempty"`
	// Course is set by the tasks of this kind that send each other.
	Course *Course `json:"course,omitempty"`
}

// Kind implements tasks.Args.
func (SitemapArgs) Kind() string { return KindSitemap }

// Validate implements tasks.Validator.
func (a SitemapArgs) Validate() error {
	if err := validateLimit(a.Limit); err != nil {
		return err
	}
	if err := a.Course.validate(); err != nil {
		return err
	}
	return validate(a.URL, a.Source)
}

// SiteArgs are the arguments of scrape_site.
type SiteArgs struct {
	// URL is the page whose links are followed.
	URL string `json:"url"`
	// Source is handed to the scrape_page of each page.
	Source string `json:"source,omitempty"`
	// Limit is how many new pages are sent, at whatever depth. 0 means [DefaultLimit].
	Limit int `json:"limit,omitempty"`
	// Depth is how many links are followed one after the other. 0 means 1: those of the page at URL.
	Depth int `json:"depth,omitempty"`
	// Course is set by the tasks of this kind that send each other.
	Course *Course `json:"course,omitempty"`
}

// Kind implements tasks.Args.
func (SiteArgs) Kind() string { return KindSite }

// Validate implements tasks.Validator.
func (a SiteArgs) Validate() error {
	if err := validateLimit(a.Limit); err != nil {
		return err
	}
	if a.Depth < 0 || a.Depth > MaxDepth {
		return tasks.Field("depth", "field \"depth\" is %d: use 1 to %d, or leave it out for 1", a.Depth, MaxDepth)
	}
	if err := a.Course.validate(); err != nil {
		return err
	}
	return validate(a.URL, a.Source)
}

func validateLimit(limit int) error {
	if limit < 0 || limit > MaxLimit {
		return tasks.Field("limit", "field \"limit\" is %d: use 1 to %d, or leave it out for %d", limit, MaxLimit, DefaultLimit)
	}
	return nil
}

func validate(url, source string) error {
	if _, err := web.ParseURL(url); err != nil {
		return tasks.Field("url", "field \"url\": %v", err)
	}
	if len(source) > MaxSource {
		return tasks.Field("source", "field \"source\" has %d bytes: at most %d are allowed", len(source), MaxSource)
	}
	return nil
}
