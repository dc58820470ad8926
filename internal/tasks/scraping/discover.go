package scraping

import (
	"fmt"
	"strings"

	"switchyard/internal/article"
	"switchyard/internal/feeds"
	"switchyard/internal/web"
)

// announcedFeed returns the URL of the feed a page names, "" if it is a page that names
// none. It is an error if page is not a page at all.
func announcedFeed(page *web.Page) (string, error) {
	if article.IsHTML(page) {
		for _, feed := range feeds.Discover(page.Body, page.ContentType, page.URL) {
			return feed, nil
		}
		return "", nil
	}
	if strings.HasPrefix(page.ContentType, "text/plain") {
		return "", nil
	}
	return "", fmt.Errorf("content type %q holds neither a feed nor a page", page.ContentType)
}
