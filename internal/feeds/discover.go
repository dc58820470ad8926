package feeds

import (
	"net/url"
	"slices"
	"strings"

	"golang.org/x/net/html"

	"switchyard/internal/charset"
)

const (
	maxAnnounced = 20      // feeds of one page
	maxTokens    = 100_000 // of one page
)

// WellKnown are the paths where sites have their feed that do not announce it, the most common
// first.
var WellKnown = []string{"/feed", "/feed.xml", "/rss.xml", "/atom.xml", "/index.xml", "/rss", "/feed.json"}

// The sorts of announcements, the surest first.
const (
	announced = iota // <link rel="alternate"> with the type of a feed
	vague            // <link rel="alternate"> with a type that feeds have, too
	linked           // <a> with the type of a feed
	pathed           // <a> to a path that feeds have
	comments         // a feed of comments, however it is announced
)

var feedTypes = map[string]int{
	"application/rss+xml":   announced,
	"application/atom+xml":  announced,
	"application/feed+json": announced,
	"application/rdf+xml":   announced,
	"application/xml":       vague,
	"text/xml":              vague,
	"application/json":      vague,
}

// Discover returns the URLs of the feeds that an HTML page announces, the surest first and
// those of comments last. contentType and address are those it was sent with.
func Discover(body []byte, contentType, address string) []string {
	base, err := url.Parse(address)
	if err != nil {
		return nil
	}
	var found [comments + 1][]string
	z := html.NewTokenizer(strings.NewReader(charset.Decode(body, contentType)))
	for range maxTokens {
		switch z.Next() {
		case html.ErrorToken:
			return joined(found)
		case html.StartTagToken, html.SelfClosingTagToken:
		default:
			continue
		}
		name, more := z.TagName()
		if tag := string(name); more && (tag == "link" || tag == "a" || tag == "base") {
			base = discoverIn(tag, attributesOf(z), base, &found)
		}
	}
	return joined(found)
}

// discoverIn notes the feed that an element announces. It returns the base of what follows.
func discoverIn(tag string, said map[string]string, base *url.URL, found *[comments + 1][]string) *url.URL {
	if tag == "base" {
		if u, err := base.Parse(said["href"]); err == nil {
			return u
		}
		return base
	}
	sort, ok := sortOf(tag, said)
	u, absolute := absolute(said["href"], base)
	if !ok || !absolute {
		return base
	}
	if strings.Contains(strings.ToLower(u+" "+said["title"]), "comment") {
		sort = comments
	}
	found[sort] = append(found[sort], u)
	return base
}

// sortOf says how sure it is that an element announces a feed, false if it does not.
func sortOf(tag string, said map[string]string) (int, bool) {
	mediaType, _, _ := strings.Cut(strings.ToLower(said["type"]), ";")
	sort, known := feedTypes[strings.TrimSpace(mediaType)]
	href := strings.ToLower(said["href"])
	if tag == "link" {
		// WordPress offers each page as JSON in the same way.
		return sort, known && slices.Contains(strings.Fields(strings.ToLower(said["rel"])), "alternate") && !strings.Contains(href, "/wp-json/")
	}
	if known && sort == announced {
		return linked, true
	}
	path, _, _ := strings.Cut(href, "?")
	path = strings.TrimRight(path, "/")
	for _, end := range append([]string{".rss", ".atom", ".rdf"}, WellKnown...) {
		if strings.HasSuffix(path, end) {
			return pathed, true
		}
	}
	return 0, false
}

func joined(found [comments + 1][]string) []string {
	var all []string
	for _, u := range slices.Concat(found[:]...) {
		if !slices.Contains(all, u) && len(all) < maxAnnounced {
			all = append(all, u)
		}
	}
	return all
}

// attributesOf returns the attributes of the tag z is at. Of those with the same name the
// first counts.
func attributesOf(z *html.Tokenizer) map[string]string {
	said := make(map[string]string)
	for more := true; more && len(said) < maxAttributes; {
		var key, value []byte
		key, value, more = z.TagAttr()
		if _, again := said[string(key)]; !again {
			said[string(key)] = string(value)
		}
	}
	return said
}
