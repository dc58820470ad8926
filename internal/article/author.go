package article

import (
	"regexp"
	"slices"
	"strings"

	"golang.org/x/net/html"
)

// isAuthor reports whether an element holds the name of the author.
func isAuthor(n *html.Node) bool {
	return attribute(n, "rel") == "author" || slices.Contains(strings.Fields(attribute(n, "itemprop")), "author")
}

var by = regexp.MustCompile(`(?i)^(written by|by|von|par|por|di|door|aut(?:h)?or(?:in)?:?|text:)\s+`)

// authorOf returns a name that stands for an author, "" if it is none: an address, or too long
// for names.
func authorOf(said string) string {
	name := by.ReplaceAllString(line(said), "")
	if len(said) > MaxAuthor || strings.Contains(name, "://") || !strings.ContainsFunc(name, readable) {
		return ""
	}
	return name
}
