package article

import (
	"bytes"
	"encoding/json"
	"strings"
)

// maxObjects bounds the objects of JSON-LD that are looked at in one page, whatever they are
// nested in.
const maxObjects = 500

// linked is what a page says in JSON-LD (https://www.w3.org/TR/json-ld11/).
type linked struct {
	raw      json.RawMessage // all its objects in one array, at most [MaxData] bytes; nil if there are none
	headline string
	author   string
	body     string   // the main text, clean
	dates    []string // of publication
	objects  int
}

// read adds what a script of a page holds. What is not JSON, or does not fit, is left out.
func (l *linked) read(script string) {
	script = strings.TrimSpace(script)
	script = strings.TrimSuffix(strings.TrimPrefix(script, "<![CDATA["), "]]>")
	if len(script) > MaxHTML/4 {
		return
	}
	var value any
	if err := json.Unmarshal([]byte(script), &value); err != nil {
		return
	}
	l.walk(value)
	l.keep(script)
}

// keep adds a script to what is kept of the page.
func (l *linked) keep(script string) {
	var compact bytes.Buffer
	if json.Compact(&compact, []byte(strings.ToValidUTF8(script, "\ufffd"))) != nil || len(l.raw)+compact.Len()+2 > MaxData {
		return
	}
	between := byte(',')
	if l.raw == nil {
		between = '['
	} else {
		l.raw = l.raw[:len(l.raw)-1] // the end of the array
	}
	l.raw = append(l.raw, between)
	l.raw = append(l.raw, compact.Bytes()...)
	l.raw = append(l.raw, ']')
}

// walk looks for articles in a value.
func (l *linked) walk(value any) {
	if l.objects++; l.objects > maxObjects {
		return
	}
	switch v := value.(type) {
	case []any:
		for _, element := range v {
			l.walk(element)
		}
	case map[string]any:
		if isArticle(v["@type"]) {
			l.readArticle(v)
		}
		for _, within := range []string{"@graph", "mainEntity"} {
			if v[within] != nil {
				l.walk(v[within])
			}
		}
	}
}

func isArticle(kind any) bool {
	switch k := kind.(type) {
	case string:
		return strings.HasSuffix(k, "Article") || strings.HasSuffix(k, "Posting") || k == "Report"
	case []any:
		for _, one := range k {
			if s, ok := one.(string); ok && isArticle(s) {
				return true
			}
		}
	}
	return false
}

func (l *linked) readArticle(article map[string]any) {
	keep(&l.headline, text(article["headline"]))
	keep(&l.author, authorOf(strings.Join(names(article["author"]), ", ")))
	if l.body == "" {
		l.body = Plain(text(article["articleBody"]))
	}
	if date := text(article["datePublished"]); date != "" {
		l.dates = append(l.dates, date)
	}
}

func text(value any) string {
	s, _ := value.(string)
	return s
}

// names returns the names of one or several persons.
func names(value any) (all []string) {
	switch v := value.(type) {
	case string:
		return []string{v}
	case map[string]any:
		return names(v["name"])
	case []any:
		for _, one := range v[:min(len(v), 10)] {
			all = append(all, names(one)...)
		}
	}
	return all
}
