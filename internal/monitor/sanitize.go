package monitor

import (
	"html/template"

	"github.com/microcosm-cc/bluemonday"
)

// foreign is what HTML made from other people's pages may contain: text, its structure
// and absolute web links. No images: loading one tells its server who reads.
var foreign = foreignPolicy()

func foreignPolicy() *bluemonday.Policy {
	p := bluemonday.NewPolicy()
	p.AllowElements("h1", "h2", "h3", "h4", "h5", "h6", "p", "br", "hr", "div", "span", "section", "article",
		"ul", "ol", "li", "dl", "dt", "dd", "blockquote", "pre", "code", "em", "strong", "b", "i", "s", "sub", "sup", "small", "mark")
	p.AllowTables()
	p.AllowAttrs("datetime").Matching(bluemonday.ISO8601).OnElements("time")
	p.AllowAttrs("href").OnElements("a")
	p.AllowURLSchemes("http", "https")
	p.RequireParseableURLs(true)
	p.RequireNoFollowOnLinks(true)
	p.RequireNoReferrerOnLinks(true)
	return p
}

// Sanitize returns what is harmless in HTML made from other people's pages.
func Sanitize(html string) template.HTML {
	return template.HTML(foreign.Sanitize(html))
}
