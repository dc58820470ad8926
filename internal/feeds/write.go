package feeds

import (
	"html"
	"regexp"
	"strings"
)

// Bounds of what the parser is given. It takes time and stack with each.
const (
	maxDepth      = 32   // elements in one another
	maxElements   = 5000 // of one item
	maxAttributes = 32   // of one element
	maxNamespaces = 64   // declared by the feed, and again by one item
)

// writer writes well-formed XML: each element is closed in its turn, each attribute is quoted
// and there once, and every character is one of XML.
type writer struct {
	out        strings.Builder
	open       []string
	buried     int // elements open below maxDepth, which are not written
	elements   int
	namespaces int
}

func (w *writer) start(t token) {
	w.elements++
	if len(w.open) == maxDepth || w.elements > maxElements {
		if !t.selfClosed {
			w.buried++
		}
		return
	}
	w.out.WriteString("<" + t.name)
	for _, a := range attributes(t.data) {
		if strings.HasPrefix(a.name, "xmlns") {
			if w.namespaces++; w.namespaces > maxNamespaces {
				continue
			}
		}
		w.out.WriteString(" " + a.name + `="` + a.value + `"`)
	}
	if t.selfClosed {
		w.out.WriteString("/>")
		return
	}
	w.out.WriteString(">")
	w.open = append(w.open, t.name)
}

// end closes the last element with this name and those in it. A tag that closes nothing is
// left out.
func (w *writer) end(name string) {
	if w.buried > 0 {
		w.buried--
		return
	}
	for i := len(w.open) - 1; i >= 0; i-- {
		if strings.EqualFold(w.open[i], name) {
			w.closeTo(i)
			return
		}
	}
}

// closeTo closes elements until depth are open.
func (w *writer) closeTo(depth int) {
	w.buried = 0
	for i := len(w.open) - 1; i >= depth; i-- {
		w.out.WriteString("</" + w.open[i] + ">")
	}
	w.open = w.open[:depth]
}

func (w *writer) text(t token) {
	if t.kind == cdataToken {
		w.out.WriteString("<![CDATA[" + strings.Map(inXML, t.data) + "]]>")
		return
	}
	w.out.WriteString(escape(t.data))
}

// inXML drops characters that XML knows no way to write.
func inXML(r rune) rune {
	if r < ' ' && r != '\t' && r != '\n' && r != '\r' || r == 0xfffe || r == 0xffff {
		return -1
	}
	return r
}

var escaper = strings.NewReplacer("<", "&lt;", ">", "&gt;", `"`, "&quot;")

var reference = regexp.MustCompile(`&(#?[0-9A-Za-z]{1,40};)?`)

// escape writes a text so that it says the same to a strict parser. References to characters
// of HTML become these characters; other references, which only a DTD would explain, stay as
// they are written.
func escape(text string) string {
	text = strings.Map(inXML, text)
	if strings.ContainsRune(text, '&') {
		text = reference.ReplaceAllStringFunc(text, resolve)
	}
	return escaper.Replace(text)
}

func resolve(ref string) string {
	char := html.UnescapeString(ref)
	switch {
	case char == "&":
		return "&amp;"
	case char == ref, len(char) > 1 && strings.HasSuffix(char, ";"):
		return "&amp;" + ref[1:]
	case char == "\ufffd":
		return ""
	}
	return strings.Map(inXML, char)
}
