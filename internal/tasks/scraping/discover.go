package scraping

import (
	"errors"
	"fmt"
	"net/url"

	"switchyard/internal/web"
)

// announcedFeed returns the URL of the feed a page names, "" if it is a page that names
// none. It is an error if page is not a page at all.
func announcedFeed(page *web.Page) (string, error) {
	switch kind := mediaType(page); {
	case kind == "text/plain":
		return "", nil
	case !isHTML(kind):
		return "", fmt.Errorf("content type %q holds neither a feed nor a page", kind)
	}
	root, err := parseHTML(page)
	if err != nil {
		return "", err
	}
	said := readMetadata(root)
	if said.feed == "" {
		return "", nil
	}
	base, err := url.Parse(page.URL)
	if err != nil {
		return "", err
	}
	if b, err := base.Parse(said.base); err == nil {
		base = b
	}
	u, err := base.Parse(said.feed)
	if err != nil {
		return "", errors.New("the page names a feed whose URL is not valid")
	}
	return u.String(), nil
}
