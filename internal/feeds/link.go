package feeds

import (
	"net/url"
	"strings"
	"unicode"

	"github.com/mmcdole/gofeed"
	"golang.org/x/net/publicsuffix"
)

const maxLink = 8000 // bytes

// linkOf returns the URL of the page an item is about: what it was before a service that
// counts readers replaced it, else its link, else its ID where that is a URL.
func linkOf(said *gofeed.Item, base *url.URL) string {
	candidates := []string{extension(said, "feedburner", "origLink"), said.Link}
	candidates = append(candidates, said.Links...)
	for _, link := range said.Extensions["atom"]["link"] {
		if rel := link.Attrs["rel"]; rel == "" || rel == "alternate" {
			candidates = append(candidates, link.Attrs["href"])
		}
	}
	if strings.HasPrefix(said.GUID, "http") {
		candidates = append(candidates, said.GUID)
	}
	for _, c := range candidates {
		if link, ok := absolute(c, base); ok {
			return link
		}
	}
	return ""
}

func extension(said *gofeed.Item, prefix, name string) string {
	for _, e := range said.Extensions[prefix][name] {
		return e.Value
	}
	return ""
}

// absolute returns the http or https URL that a link from base means, false if there is none.
// It mends what readers mend: a % that escapes nothing, an & that is escaped twice, spaces, a
// host without a scheme.
func absolute(link string, base *url.URL) (string, bool) {
	link = strings.TrimSpace(strings.Map(withoutControls, link))
	link = strings.ReplaceAll(link, "&amp;", "&")
	link = strings.ReplaceAll(escapePercent(link), " ", "%20")
	if link == "" || len(link) > maxLink {
		return "", false
	}
	if beginsWithHost(link) {
		link = "//" + link
	}
	u, err := base.Parse(link)
	if err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Hostname() == "" || u.User != nil {
		return "", false
	}
	return u.String(), true
}

// escapePercent escapes each % that begins no escape itself.
func escapePercent(link string) string {
	var out strings.Builder
	for i := range len(link) {
		out.WriteByte(link[i])
		if link[i] == '%' && (i+2 >= len(link) || !isHex(link[i+1]) || !isHex(link[i+2])) {
			out.WriteString("25")
		}
	}
	return out.String()
}

func isHex(b byte) bool { return b >= '0' && b <= '9' || b|0x20 >= 'a' && b|0x20 <= 'f' }

func withoutControls(r rune) rune {
	if unicode.IsControl(r) {
		return -1
	}
	return r
}

// beginsWithHost reports whether a link is a URL that lacks its scheme, and not a path.
func beginsWithHost(link string) bool {
	host, _, isPath := strings.Cut(link, "/")
	if strings.HasPrefix(host, "www.") {
		return true
	}
	_, known := publicsuffix.PublicSuffix(strings.ToLower(host))
	return isPath && known && strings.Contains(host, ".") && !strings.HasPrefix(host, ".") && !strings.Contains(host, ":")
}
