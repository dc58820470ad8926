package article

import (
	"errors"
	"fmt"
	"mime"
	"net/http"
	"strings"

	"golang.org/x/net/html"

	"switchyard/internal/web"
)

// IsHTML reports whether a page is HTML, whatever the server calls it.
func IsHTML(page *web.Page) bool { return isHTML(mediaType(page)) }

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

// parseHTML returns the tree of a page that was measured, and measures it again: the estimate
// goes by what is written, and a parser mends it.
func parseHTML(source string) (*html.Node, error) {
	root, err := html.Parse(strings.NewReader(source))
	if err != nil {
		return nil, fmt.Errorf("parse HTML: %w", err)
	}
	elements, nesting := 0, 0
	var count func(n *html.Node, depth int)
	count = func(n *html.Node, depth int) {
		if n.Type == html.ElementNode {
			elements++
			nesting += depth
		}
		for child := range n.ChildNodes() {
			count(child, depth+1)
		}
	}
	count(root, 0)
	if nesting > maxNesting || elements > 2*maxElements {
		return nil, errors.New("the page is nested too deeply: finding its text would take too long")
	}
	return root, nil
}
