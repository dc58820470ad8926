package scraping

import (
	"bytes"
	"errors"
	"fmt"
	"net/url"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/mmcdole/gofeed"

	"switchyard/internal/web"
)

// peek is how many bytes of a feed must tell what it is; gofeed looks at as many.
const peek = 4096

func feedType(page *web.Page) gofeed.FeedType {
	return gofeed.DetectFeedType(bytes.NewReader(page.Body[:min(peek, len(page.Body))]))
}

// isFeed goes by what a page holds: feeds are sent with every content type there is. Any
// JSON object may be a feed until it is read.
func isFeed(page *web.Page) bool { return feedType(page) != gofeed.FeedTypeUnknown }

// entries returns the canonical URLs of at most limit items of a feed, newest first, and
// how many items name no page that could be scraped. Items without a date come last, in
// the feed's order. It is an error if page is not a feed or cannot be read to its end.
func entries(page *web.Page, limit int) (urls []string, unusable int, err error) {
	base, err := url.Parse(page.URL)
	if err != nil {
		return nil, 0, fmt.Errorf("feed: %w", err)
	}
	parser := gofeed.NewParser()
	parser.RSSTranslator = &gofeed.DefaultRSSTranslator{DisableContentImageScan: true}
	feed, err := fenced(func() (*gofeed.Feed, error) { return parser.Parse(bytes.NewReader(feedBytes(page))) })
	if errors.Is(err, gofeed.ErrFeedTypeNotDetected) {
		return nil, 0, errors.New("the feed cannot be read: it is not RSS, Atom or JSON Feed")
	}
	if err != nil {
		return nil, 0, fmt.Errorf("the feed cannot be read: %w", err)
	}
	if feed.FeedType == "json" && !strings.Contains(feed.FeedVersion, "jsonfeed.org") {
		return nil, 0, errors.New("the feed cannot be read: it is JSON but not a JSON Feed, whose version begins with https://jsonfeed.org/version/")
	}
	slices.SortStableFunc(feed.Items, func(a, b *gofeed.Item) int { return dateOf(b).Compare(dateOf(a)) })
	listed := make(map[string]bool)
	for _, item := range feed.Items {
		u, ok := linkOf(item, base)
		switch {
		case !ok:
			unusable++
		case !listed[u] && len(urls) < limit:
			listed[u] = true
			urls = append(urls, u)
		}
	}
	return urls, unusable, nil
}

// feedBytes returns a feed in UTF-8 where its XML says nothing of its encoding and only
// the content type may; the parser follows what the XML says.
func feedBytes(page *web.Page) []byte {
	head := page.Body[:min(200, len(page.Body))]
	if utf8.Valid(page.Body) || bytes.Contains(head, []byte("encoding=")) {
		return page.Body
	}
	return []byte(web.DecodeText(page.Body, page.ContentType))
}

func dateOf(item *gofeed.Item) time.Time {
	switch {
	case item.PublishedParsed != nil:
		return *item.PublishedParsed
	case item.UpdatedParsed != nil:
		return *item.UpdatedParsed
	}
	return time.Time{}
}

// linkOf returns the canonical URL of the page an item is about: its link, else its ID
// where that is a URL.
func linkOf(item *gofeed.Item, base *url.URL) (string, bool) {
	link := strings.TrimSpace(item.Link)
	if link == "" && len(item.Links) > 0 {
		link = strings.TrimSpace(item.Links[0])
	}
	if link == "" && strings.HasPrefix(item.GUID, "http") {
		link = item.GUID
	}
	if link == "" {
		return "", false
	}
	u, err := base.Parse(link)
	if err != nil {
		return "", false
	}
	return canonical(u)
}
