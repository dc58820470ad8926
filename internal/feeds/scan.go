package feeds

import (
	"strings"
	"unicode/utf8"
)

type tokenKind int

const (
	textToken tokenKind = iota
	startToken
	endToken
	cdataToken
	doctypeToken
)

// token is a piece of markup. Comments and processing instructions are none.
type token struct {
	kind       tokenKind
	name       string // of a tag, as it is written
	data       string // a text; the attributes of a start tag, as they are written
	selfClosed bool
}

// local returns a tag's name in lower case without its prefix.
func (t token) local() string {
	name := t.name
	if i := strings.LastIndexByte(name, ':'); i >= 0 {
		name = name[i+1:]
	}
	return strings.ToLower(name)
}

// scanner finds the markup of XML that may be broken anywhere. What it does not understand
// is text. It takes linear time: each search remembers what it found.
type scanner struct {
	source string
	at     int
	found  map[string]int // where each marker comes next; len(source) if nowhere

	last string // the name of the last start tag
	// item is the name of the item that is read, empty outside. A CDATA section that is
	// still open where the item ends was never closed.
	item string
}

func newScanner(source string) *scanner { return &scanner{source: source, found: make(map[string]int)} }

// find returns where marker comes next, and whether it does.
func (s *scanner) find(marker string, from int) (int, bool) {
	at, known := s.found[marker]
	if !known || at < from {
		at = len(s.source)
		if i := strings.Index(s.source[min(from, at):], marker); i >= 0 {
			at = from + i
		}
		s.found[marker] = at
	}
	return at, at < len(s.source)
}

// next returns the next token, or false at the end.
func (s *scanner) next() (token, bool) {
	for s.at < len(s.source) {
		rest := s.source[s.at:]
		switch {
		case rest[0] != '<':
			return s.text(s.at), true
		case strings.HasPrefix(rest, "<!--"):
			if s.skip("<!--", "-->") {
				continue
			}
		case strings.HasPrefix(rest, "<![CDATA["):
			return s.cdata(), true
		case strings.HasPrefix(rest, "<?"):
			if s.skip("<?", ">") {
				continue
			}
		case strings.HasPrefix(rest, "<!"):
			if t, ok := s.doctype(); ok {
				return t, true
			}
		default:
			if t, ok := s.tag(); ok {
				return t, true
			}
		}
		return s.text(s.at + 1), true // a stray <
	}
	return token{}, false
}

// text returns what comes before the next <, looking for it beyond from.
func (s *scanner) text(from int) token {
	end, _ := s.find("<", from)
	t := token{kind: textToken, data: s.source[s.at:end]}
	s.at = end
	return t
}

// skip goes behind what begins and ends so, unless it was never closed.
func (s *scanner) skip(begin, end string) bool {
	at, ok := s.find(end, s.at+len(begin))
	ok = ok && !s.leaves(s.at, at)
	if ok {
		s.at = at + len(end)
	}
	return ok
}

// cdata returns a CDATA section. One that is never closed ends with the element it is in.
func (s *scanner) cdata() token {
	start := s.at + len("<![CDATA[")
	end, closed := s.find("]]>", start)
	after := min(end+len("]]>"), len(s.source))
	if over, ok := s.itemEnd(start); ok && over < end && (!closed || s.leaves(start, end)) {
		end = over
		if i := strings.Index(s.source[start:end], "</"+s.last); i >= 0 {
			end = start + i
		}
		after = end
	}
	s.at = after
	return token{kind: cdataToken, data: s.source[start:end]}
}

// itemEnd returns where the item that is read ends.
func (s *scanner) itemEnd(from int) (int, bool) {
	if s.item == "" {
		return 0, false
	}
	return s.find("</"+s.item, from)
}

// leaves reports whether another item begins between two places of one. What spans both was
// never closed.
func (s *scanner) leaves(from, to int) bool {
	over, ok := s.itemEnd(from)
	if !ok || over >= to {
		return false
	}
	again, ok := s.find("<"+s.item, from)
	return ok && again < to
}

// doctype goes behind a declaration with all that it declares.
func (s *scanner) doctype() (token, bool) {
	end, ok := s.find(">", s.at)
	if open, declares := s.find("[", s.at); declares && open < end {
		closed, found := s.find("]", open)
		if !found {
			return token{}, false
		}
		end, ok = s.find(">", closed)
	}
	if !ok {
		return token{}, false
	}
	t := token{kind: doctypeToken, data: s.source[s.at:end]}
	s.at = end + 1
	return t, true
}

// tag returns a start or an end tag, false if there is none.
func (s *scanner) tag() (token, bool) {
	t, from := token{kind: startToken}, s.at+1
	if strings.HasPrefix(s.source[from:], "/") {
		t.kind = endToken
		from++
	}
	nameEnd := from
	for nameEnd < len(s.source) && isName(s.source[nameEnd], nameEnd > from) {
		nameEnd++
	}
	if nameEnd == from {
		return token{}, false
	}
	end, ok := s.tagEnd(nameEnd)
	if !ok {
		return token{}, false
	}
	t.name, t.data = s.source[from:nameEnd], s.source[nameEnd:end]
	if t.kind == startToken {
		t.data, t.selfClosed = strings.CutSuffix(t.data, "/")
		s.last = t.name
	}
	s.at = end + 1
	return t, true
}

// maxQuoted bounds an attribute, in bytes. A longer one has lost its quote.
const maxQuoted = 8 << 10

// tagEnd returns where the > of a tag is, past those that are quoted.
func (s *scanner) tagEnd(from int) (int, bool) {
	end, ok := s.find(">", from)
	for at := from; ok && at < end; at++ {
		quote := s.source[at]
		if (quote != '"' && quote != '\'') || !strings.HasSuffix(strings.TrimRight(s.source[from:at], " \t\r\n"), "=") {
			continue
		}
		if closing, closed := s.find(string(quote), at+1); closed && closing-at < maxQuoted && !s.leaves(at, closing) {
			at = closing
			end, ok = s.find(">", at)
		}
	}
	return end, ok
}

// isName reports whether b may be in a name of a tag, or begin it.
func isName(b byte, inside bool) bool {
	letter := b|0x20 >= 'a' && b|0x20 <= 'z' || b == '_' || b >= utf8.RuneSelf
	return letter || inside && (b >= '0' && b <= '9' || b == '-' || b == '.' || b == ':')
}
