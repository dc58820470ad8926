package scraping

import (
	"fmt"
	"mime"
	"net/http"
	"strings"

	"golang.org/x/net/html"

	"switchyard/internal/web"
)

// mediaType returns what a page is. Its bytes are asked where the server does not know,
// where it calls something HTML that cannot be, and where it sends HTML in place of what
// it promised, as sites do with error pages.
func mediaType(page *web.Page) string {
	declared, _, _ := mime.ParseMediaType(page.ContentType)
	sniffed, _, _ := mime.ParseMediaType(http.DetectContentType(page.Body))
	const unknown = "application/octet-stream"
	switch {
	case declared == "", declared == unknown,
		isHTML(declared) && !strings.HasPrefix(sniffed, "text/") && sniffed != unknown,
		isHTML(sniffed) && declared != "text/plain":
		return sniffed
	}
	return declared
}

func isHTML(mediaType string) bool {
	return mediaType == "text/html" || mediaType == "application/xhtml+xml"
}

// parseHTML returns the tree of a page of at most [MaxHTML] bytes.
func parseHTML(page *web.Page) (*html.Node, error) {
	source := web.DecodeText(page.Body, page.ContentType)
	if len(source) > MaxHTML {
		return nil, fmt.Errorf("the page has %d bytes of HTML: at most %d are read", len(source), MaxHTML)
	}
	root, err := html.Parse(strings.NewReader(source))
	if err != nil {
		return nil, fmt.Errorf("parse HTML: %w", err)
	}
	return root, nil
}

// nested reports whether the elements of a page exceed [maxNesting].
func nested(root *html.Node) bool {
	sum := 0
	for n := range root.Descendants() {
		if n.Type != html.ElementNode {
			continue
		}
		for range n.Ancestors() {
			sum++
		}
		if sum > maxNesting {
			return true
		}
	}
	return false
}
