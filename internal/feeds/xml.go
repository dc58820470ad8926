package feeds

import (
	"net/url"
	"strings"

	"github.com/mmcdole/gofeed"
	"github.com/mmcdole/gofeed/atom"
	"github.com/mmcdole/gofeed/rss"

	"switchyard/internal/foreign"
)

// maxJunk is how many bytes may stand before a feed, such as the warnings of a program.
const maxJunk = 64 << 10

// document is an XML feed on its way to the parser.
type document struct {
	scan   *scanner
	format string // rss or atom
	item   string // the local name of its items
	root   string // the start tags around an item
	ends   string // and their end tags
	head   writer // all but the items
	items  []string
	cutOff bool
}

func readXML(source string, base *url.URL) (*Feed, error) {
	d := &document{scan: newScanner(source)}
	if !d.findRoot() {
		return nil, ErrNone
	}
	d.split()
	feed := &Feed{Format: d.format}
	if head, err := d.parse(d.head.out.String()); err == nil {
		feed.setHead(head, base)
	}
	for _, source := range d.items {
		parsed, err := d.parse(d.root + source + d.ends)
		if err != nil || len(parsed.Items) == 0 {
			feed.Damaged++
			continue
		}
		feed.Items = append(feed.Items, newItem(parsed.Items[0], feed, base))
	}
	if d.cutOff {
		feed.Damaged++
	}
	return feed, nil
}

// findRoot goes to the first element of a feed. A page is none, whatever is in it.
func (d *document) findRoot() bool {
	for d.scan.at < maxJunk || d.scan.at == 0 {
		t, ok := d.scan.next()
		switch {
		case !ok, t.kind == doctypeToken && strings.HasPrefix(strings.ToLower(t.data), "<!doctype html"):
			return false
		case t.kind != startToken:
			continue
		}
		switch t.local() {
		case "html", "head", "body":
			return false
		case "rss", "rdf", "channel":
			d.format, d.item = "rss", "item"
		case "feed":
			d.format, d.item = "atom", "entry"
		default:
			continue
		}
		d.begin(t)
		return true
	}
	return false
}

// begin writes the root. Items get the namespaces and the base it declares.
func (d *document) begin(root token) {
	if root.local() == "channel" { // a feed of old without its root
		d.head.start(token{name: "rss"})
	}
	root.selfClosed = false
	d.head.start(root)
	var declared strings.Builder
	for _, a := range attributes(root.data) {
		if strings.HasPrefix(a.name, "xmlns") || strings.HasPrefix(a.name, "xml:") {
			declared.WriteString(" " + a.name + `="` + a.value + `"`)
		}
	}
	switch root.local() {
	case "rss", "channel":
		d.root, d.ends = "<rss"+declared.String()+"><channel>", "</channel></rss>"
	default:
		d.root, d.ends = "<"+root.name+declared.String()+">", "</"+root.name+">"
	}
}

// split writes each item for itself, and what is around them into the head.
func (d *document) split() {
	for {
		t, ok := d.scan.next()
		switch {
		case !ok:
			d.head.closeTo(0)
			return
		case t.kind == startToken && t.local() == d.item:
			d.readItem(t)
		case t.kind == startToken:
			d.head.start(t)
		case t.kind == endToken:
			d.head.end(t.name)
			if len(d.head.open) == 0 {
				return // what follows the feed is not of it
			}
		case t.kind != doctypeToken:
			d.head.text(t)
		}
	}
}

// readItem writes the item that begins with t, up to its end or the beginning of the next.
func (d *document) readItem(t token) {
	d.scan.item = t.name
	for more := true; more; {
		var w writer
		w.start(t)
		more = false
		for len(w.open) > 0 {
			var ok bool
			t, ok = d.scan.next()
			switch {
			case !ok:
				d.cutOff = true
				return
			case t.kind == startToken && strings.EqualFold(t.name, d.scan.item):
				w.closeTo(0)
				more = true
			case t.kind == endToken && strings.EqualFold(t.name, d.scan.item):
				w.closeTo(0)
			case t.kind == startToken:
				w.start(t)
			case t.kind == endToken:
				w.end(t.name)
			case t.kind != doctypeToken:
				w.text(t)
			}
		}
		if len(d.items) < MaxItems {
			d.items = append(d.items, w.out.String())
		}
	}
	d.scan.item = ""
}

// parse has one well-formed document parsed.
func (d *document) parse(source string) (*gofeed.Feed, error) {
	return foreign.Parse(func() (*gofeed.Feed, error) {
		if d.format == "atom" {
			parsed, err := (&atom.Parser{}).Parse(strings.NewReader(source))
			if err != nil {
				return nil, err
			}
			return (&gofeed.DefaultAtomTranslator{}).Translate(parsed)
		}
		parsed, err := (&rss.Parser{}).Parse(strings.NewReader(source))
		if err != nil {
			return nil, err
		}
		return (&gofeed.DefaultRSSTranslator{DisableContentImageScan: true}).Translate(parsed)
	})
}
