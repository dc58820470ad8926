package article

import (
	"net/url"
	"slices"
	"strings"

	"golang.org/x/net/html"

	"switchyard/internal/charset"
	"switchyard/internal/documents"
	"switchyard/internal/web"
)

// MaxLinks bounds the links of one page.
const MaxLinks = 2000

// Links returns the canonical URLs of the pages of the same site that an HTML page links to, in
// reading order and without repetitions. It leaves out the page itself, links to files that
// are no pages, and links that the site asks not to follow.
func Links(page *web.Page) []string {
	base, err := web.ParseURL(page.URL)
	if err != nil || !IsHTML(page) {
		return nil
	}
	own := documents.Canonical(base)
	source := withoutCode(charset.Decode(page.Body[:min(len(page.Body), MaxHTML)], page.ContentType))
	z := html.NewTokenizer(strings.NewReader(source))
	seen := map[string]bool{own: true}
	var links []string
	for len(links) < MaxLinks {
		kind := z.Next()
		if kind == html.ErrorToken {
			break
		}
		if kind != html.StartTagToken && kind != html.SelfClosingTagToken {
			continue
		}
		name, _ := z.TagName()
		switch string(name) {
		case "base":
			if u, err := base.Parse(href(z)); err == nil {
				base = u
			}
		case "a", "area":
			if link, ok := pageLink(href(z), base, own); ok && !seen[link] {
				seen[link] = true
				links = append(links, link)
			}
		}
	}
	return links
}

// href returns where the tag z is at links to, "" if it is not to be followed.
func href(z *html.Tokenizer) (link string) {
	for more := true; more; {
		var key, value []byte
		key, value, more = z.TagAttr()
		switch string(key) {
		case "href":
			if link == "" {
				link = strings.TrimSpace(string(value))
			}
		case "rel":
			if slices.Contains(strings.Fields(strings.ToLower(string(value))), "nofollow") {
				return ""
			}
		}
	}
	return link
}

// files are the endings of paths that are no pages.
var files = []string{
	".jpg", ".jpeg", ".png", ".gif", ".webp", ".svg", ".ico", ".css", ".js", ".mp3", ".mp4", ".webm", ".zip", ".gz", ".exe", ".dmg",
	".pdf", ".doc", ".docx", ".xls", ".xlsx", ".ppt", ".pptx", ".xml", ".rss", ".atom", ".json",
}

// pageLink returns the canonical URL of a link, false if it leads to no page of the site of own.
func pageLink(link string, base *url.URL, own string) (string, bool) {
	if link == "" {
		return "", false
	}
	u, err := base.Parse(link)
	if err != nil {
		return "", false
	}
	target, ok := canonical(u)
	if !ok || !SameSite(own, target) {
		return "", false
	}
	path := strings.ToLower(u.Path)
	return target, !slices.ContainsFunc(files, func(end string) bool { return strings.HasSuffix(path, end) })
}
