package web

import (
	"bytes"
	"mime"
	"net/url"
	"regexp"
	"strconv"
	"strings"
	"time"

	"golang.org/x/net/html"
	"golang.org/x/net/html/atom"
)

const (
	// maxRefresh is the longest delay of a refresh that leads to another page. A longer one reloads
	// what people are reading.
	maxRefresh = 10 * time.Second
	// refreshWithin is how far into a page a refresh is looked for, in bytes.
	refreshWithin = 64 << 10
)

// refreshValue is a delay and a URL, as browsers read them.
var refreshValue = regexp.MustCompile(`(?is)^\s*(\d{1,9})(?:\.[\d.]*)?\s*[;,\s]\s*(?:url\s*=\s*)?(.+)$`)

// refreshed returns where a page sends its readers after moments, by its head or the header Refresh;
// nil if it does not. A URL that is none is left alone: the page is what there is.
func refreshed(u *url.URL, page *Page, header string) *url.URL {
	if header == "" {
		header = metaRefresh(page)
	}
	parts := refreshValue.FindStringSubmatch(header)
	if parts == nil {
		return nil
	}
	delay, err := strconv.Atoi(parts[1])
	if err != nil || time.Duration(delay)*time.Second > maxRefresh {
		return nil
	}
	next, err := u.Parse(unquoted(strings.TrimSpace(parts[2])))
	if err != nil || next.Scheme == "javascript" {
		return nil
	}
	return next
}

// unquoted returns what stands in quotes, or all of a text that has none.
func unquoted(text string) string {
	if quote := text[0]; quote == '"' || quote == '\'' {
		inside, _, _ := strings.Cut(text[1:], string(quote))
		return strings.TrimSpace(inside)
	}
	return text
}

// metaRefresh returns the content of the refresh in the head of an HTML page, "" if it has none.
func metaRefresh(page *Page) string {
	kind, _, err := mime.ParseMediaType(page.ContentType)
	if err != nil || kind != "text/html" && kind != "application/xhtml+xml" {
		return ""
	}
	tokens := html.NewTokenizer(bytes.NewReader(page.Body[:min(len(page.Body), refreshWithin)]))
	tokens.SetMaxBuf(refreshWithin)
	for {
		switch tokens.Next() {
		case html.ErrorToken:
			return ""
		case html.StartTagToken, html.SelfClosingTagToken:
			token := tokens.Token()
			if token.DataAtom == atom.Body {
				return ""
			}
			if content, is := refreshOf(token); is {
				return content
			}
		}
	}
}

func refreshOf(token html.Token) (content string, is bool) {
	for _, a := range token.Attr {
		switch a.Key {
		case "http-equiv":
			is = strings.EqualFold(strings.TrimSpace(a.Val), "refresh")
		case "content":
			content = a.Val
		}
	}
	return content, is && token.DataAtom == atom.Meta
}
