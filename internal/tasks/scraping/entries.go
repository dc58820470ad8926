package scraping

import (
	"net/url"
	"slices"
	"time"

	"switchyard/internal/article"
	"switchyard/internal/documents"
	"switchyard/internal/feeds"
	"switchyard/internal/web"
)

// entries are what a feed leads to, newest first. Items without a date come last, in the
// feed's order.
type entries struct {
	pages    []PageArgs           // of the items that have a page of their own, without repetitions
	whole    []documents.Document // of the items that are all there is of them
	unusable int                  // items with neither
}

// readEntries reads at most limit items of the feed at address, read at a time. The documents
// and the pages carry source.
func readEntries(feed *feeds.Feed, address string, limit int, source string, read time.Time) entries {
	items := slices.Clone(feed.Items)
	slices.SortStableFunc(items, func(a, b feeds.Item) int { return b.Date().Compare(a.Date()) })
	shared := collapsing(items)
	var e entries
	listed := make(map[string]bool)
	for _, item := range items {
		link, ok := canonicalLink(item.Link)
		if !ok || shared[link] {
			if d, err := article.FromHints(ownURL(item, address), hintsOf(item).hints(), read); err == nil {
				if len(e.pages)+len(e.whole) < limit {
					d.Source = source
					e.whole = append(e.whole, d)
				}
				continue
			}
		}
		switch {
		case !ok:
			e.unusable++
		case !listed[link] && len(e.pages)+len(e.whole) < limit:
			listed[link] = true
			e.pages = append(e.pages, PageArgs{URL: link, Source: source, Feed: hintsOf(item)})
		}
	}
	return e
}

// collapsing returns the canonical links that several items have, each with a fragment of its
// own. One page holds them all, such as a list of changes, so none of them is the page.
func collapsing(items []feeds.Item) map[string]bool {
	first := make(map[string]string)
	shared := make(map[string]bool)
	for _, item := range items {
		link, ok := canonicalLink(item.Link)
		if !ok {
			continue
		}
		other, again := first[link]
		if again && other != item.Link {
			shared[link] = fragment(other) != "" && fragment(item.Link) != ""
		}
		first[link] = item.Link
	}
	return shared
}

func fragment(link string) string {
	u, err := url.Parse(link)
	if err != nil {
		return ""
	}
	return u.Fragment
}

func canonicalLink(link string) (string, bool) {
	u, err := web.ParseURL(link)
	if err != nil {
		return "", false
	}
	return documents.Canonical(u), true
}

// ownURL returns the URL of an item that has no page: its link with the fragment, else the
// feed's with the item's key.
func ownURL(item feeds.Item, address string) string {
	if item.Link != "" {
		return item.Link
	}
	u, err := web.ParseURL(address)
	if err != nil {
		return address
	}
	return documents.Canonical(u) + "#" + url.PathEscape(item.Key)
}
