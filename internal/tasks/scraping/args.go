package scraping

import (
	"switchyard/internal/tasks"
	"switchyard/internal/web"
)

// Bounds of the arguments.
const (
	DefaultLimit = 50  // items of a feed
	MaxLimit     = 500 // items of a feed
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
	if a.Limit < 0 || a.Limit > MaxLimit {
		return tasks.Field("limit", "field \"limit\" is %d: use 1 to %d, or leave it out for %d", a.Limit, MaxLimit, DefaultLimit)
	}
	return validate(a.URL, a.Source)
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
