package sitemaps

import (
	"encoding/xml"
	"errors"
	"io"
	"strings"
	"time"
)

const (
	maxDepth = 16   // elements in one another
	maxField = 4096 // bytes of a field
)

// readXML reads a sitemap or an index. What comes before damage is kept.
func (l *list) readXML(source string) error {
	d := xml.NewDecoder(strings.NewReader(source))
	d.Strict = false
	d.Entity = xml.HTMLEntity
	d.CharsetReader = func(_ string, in io.Reader) (io.Reader, error) { return in, nil } // it is UTF-8 already
	var e entry
	depth, known := 0, false
	for {
		token, err := d.Token()
		if err != nil {
			l.sitemap.Cut = l.sitemap.Cut || !errors.Is(err, io.EOF)
			break
		}
		switch t := token.(type) {
		case xml.StartElement:
			name := strings.ToLower(t.Name.Local)
			if depth++; !known && name != "urlset" && name != "sitemapindex" {
				return ErrNone
			}
			known = true
			e.start(name)
		case xml.CharData:
			e.write(t)
		case xml.EndElement:
			depth--
			if e.end(strings.ToLower(t.Name.Local)) && !l.add(e.page, e.index) {
				return nil
			}
		}
		if depth > maxDepth {
			l.sitemap.Cut = true
			break
		}
	}
	if !known {
		return ErrNone
	}
	return nil
}

// entry is the url or the sitemap that is read.
type entry struct {
	open  bool
	index bool // it is one of an index
	page  Page
	field string // the name of the innermost element
	text  strings.Builder
}

func (e *entry) start(name string) {
	e.field = name
	e.text.Reset()
	if name == "url" || name == "sitemap" {
		e.open, e.index, e.page = true, name == "sitemap", Page{}
	}
}

func (e *entry) write(text []byte) {
	if e.text.Len()+len(text) <= maxField {
		e.text.Write(text)
	}
}

// end notes a field, and reports whether the entry is whole.
func (e *entry) end(name string) bool {
	if !e.open {
		return false
	}
	if name == "url" || name == "sitemap" {
		e.open = false
		return true
	}
	if name != e.field {
		return false
	}
	value := strings.Join(strings.Fields(e.text.String()), " ")
	switch {
	case name == "loc" && e.page.URL == "": // images have one, too, behind it
		e.page.URL = value
	case name == "lastmod":
		e.page.Modified = parseTime(value)
	case name == "title" && e.page.Title == "":
		e.page.Title = value
	case name == "publication_date":
		e.page.Published = parseTime(value)
	}
	e.field = ""
	return false
}

// parseTime reads a time as https://www.w3.org/TR/NOTE-datetime has it, no time if it is none.
func parseTime(written string) time.Time {
	for _, layout := range []string{time.RFC3339, "2006-01-02T15:04Z07:00", "2006-01-02T15:04:05", "2006-01-02 15:04:05", time.DateOnly, "2006-01", "2006"} {
		if t, err := time.Parse(layout, written); err == nil {
			return t.UTC()
		}
	}
	return time.Time{}
}
