package scraping

import (
	"fmt"
	"net/url"
	"strings"

	"switchyard/internal/article"
	"switchyard/internal/feeds"
	"switchyard/internal/pages"
	"switchyard/internal/tasks"
	"switchyard/internal/web"
)

// maxTried bounds how many of the feeds are tried that a page announces, and how many of those are
// that it may have without a word.
const maxTried = 3

// feedFinder finds the feed of the page that a fetch begins with, if that is none itself.
type feedFinder struct {
	guess bool // try paths that feeds have, if the page announces none that can be read

	page      *web.Page   // the first one, if it is no feed
	announced []string    // still to be tried
	guessed   []string    // still to be tried, after those
	sure      bool        // what is tried was announced
	feed      *feeds.Feed // what was found
	stopped   bool        // the search has failed, and the page may have a feed
}

// next implements [web.Request].Next.
func (f *feedFinder) next(page *web.Page) (string, error) {
	if page.NotModified {
		return "", nil
	}
	if feed, err := feeds.Read(page.Body, page.ContentType, page.URL); err == nil {
		f.feed = feed
		return "", nil
	}
	if f.page == nil {
		if err := f.look(page); err != nil {
			return "", tasks.Permanent(fmt.Errorf("scrape feed %s: %w", web.Redact(page.URL), err))
		}
	}
	return f.try(), nil
}

// look notes where the feed of a page may be. It is an error if that is not a page at all.
func (f *feedFinder) look(page *web.Page) error {
	f.page = page
	if !article.IsHTML(page) {
		if strings.HasPrefix(page.ContentType, "text/plain") {
			return nil
		}
		f.page = nil
		return fmt.Errorf("content type %q holds neither a feed nor a page", page.ContentType)
	}
	f.announced = feeds.Discover(page.Body, page.ContentType, page.URL)
	f.announced = f.announced[:min(len(f.announced), maxTried)]
	if f.guess {
		f.guessed = usualFeeds(page.URL)
	}
	return nil
}

// usualFeeds returns where a site has its feed that says nothing of it. The feed of a site is not that
// of one of its pages, so a page that is not its front has none there.
func usualFeeds(page string) (urls []string) {
	base, err := url.Parse(page)
	if err != nil || base.Path != "/" && base.Path != "" {
		return nil
	}
	for _, path := range feeds.WellKnown[:maxTried] {
		urls = append(urls, base.ResolveReference(&url.URL{Path: path}).String())
	}
	return urls
}

// try returns the URL to try next, "" if all were tried.
func (f *feedFinder) try() (next string) {
	if f.sure = len(f.announced) > 0; f.sure {
		next, f.announced = f.announced[0], f.announced[1:]
	} else if len(f.guessed) > 0 {
		next, f.guessed = f.guessed[0], f.guessed[1:]
	}
	return next
}

// instead returns what to try after a fault, "" if the search ends with it. An announced feed whose
// server is away may come back, so the page is not read in its place.
func (f *feedFinder) instead(fault fault, its bool) string {
	if f.page == nil || !its || f.sure && fault.reason == pages.Unavailable {
		f.stopped = true
		return ""
	}
	return f.try()
}

// settle returns the first page if a search has found nothing.
func (f *feedFinder) settle(page *web.Page, err error) (*web.Page, error) {
	if f.page == nil || f.feed != nil || f.stopped || err == nil && page.NotModified {
		return page, err
	}
	return f.page, nil
}
