package article

import (
	"cmp"
	"strings"
	"unicode/utf8"
)

// titleOf returns the best title there is: the article's, else the page's, its heading, the
// feed's, or the first line of its text. Sites append their name to titles, behind a dash or a
// dot; where the heading shows how far the title itself goes, the rest is left out.
func titleOf(article, page, heading, feed, first string) string {
	title := cmp.Or(article, page, heading, feed, first)
	rest, ok := strings.CutPrefix(title, heading)
	if !ok || heading == "" || rest == "" {
		return title
	}
	if next, _ := utf8.DecodeRuneInString(strings.TrimSpace(rest)); readable(next) {
		return title // a longer title that begins like the heading
	}
	return heading
}
