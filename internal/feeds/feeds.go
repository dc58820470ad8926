// Package feeds reads RSS, Atom and JSON feeds as they are, which is often not as they should
// be. It is pure: bytes go in, items come out.
//
// A feed goes through four steps. It is decoded to UTF-8. A tolerant scanner finds its items
// and writes each anew as well-formed XML. A parser of its format reads each item alone, so
// that what is wrong in one costs no other. What the parser found is mended: links above all.
// The items before the place where a feed is cut off are kept.
package feeds

import (
	"errors"
	"net/url"
	"strings"
	"time"

	"switchyard/internal/charset"
)

// Bounds of what is read. What exceeds them is left out, and the rest is read.
const (
	MaxItems   = 5000      // of one feed, the first
	MaxContent = 256 << 10 // bytes of an item's content
	MaxLine    = 1000      // bytes of a title, an author or a key
)

// ErrNone is the error of [Read] for what is no feed at all, such as a page.
var ErrNone = errors.New("it is not RSS, Atom or JSON Feed")

// Feed is what a feed says.
type Feed struct {
	Format   string // rss, atom or json
	Title    string
	Link     string // of the site, absolute; empty if it does not say
	Language string // as it says
	Author   string
	Items    []Item // in the feed's order
	Damaged  int    // items that could not be read, among them one that is cut off
}

// Item is one item of a feed. All but Key may be empty.
type Item struct {
	// Key identifies the item within its feed: its ID, else its link with the fragment, else
	// a digest of its words. No two items of a feed have the same.
	Key       string
	Link      string // of its page: an absolute http or https URL, with its fragment
	Title     string // plain text on one line
	Author    string
	Published time.Time
	Updated   time.Time
	Content   string   // HTML: the whole text or what there is of it
	Language  string   // as the feed says
	Enclosed  []string // URLs of the files it comes with
}

// Date returns when the item was published, or updated if that is all it says.
func (i Item) Date() time.Time {
	if i.Published.IsZero() {
		return i.Updated
	}
	return i.Published
}

// Read reads the feed that a server sent from address as contentType. Relative links are taken
// from there. What is no feed is [ErrNone].
func Read(body []byte, contentType, address string) (*Feed, error) {
	base, err := url.Parse(address)
	if err != nil {
		base = &url.URL{} // relative links stay without a page
	}
	text := charset.Decode(body, contentType)
	var feed *Feed
	if strings.HasPrefix(strings.TrimLeft(text, " \t\r\n\ufeff"), "{") {
		feed, err = readJSON(text, base)
	} else {
		feed, err = readXML(text, base)
	}
	if err != nil {
		return nil, err
	}
	feed.Items = setKeys(feed.Items)
	return feed, nil
}
