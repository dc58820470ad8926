package article

import (
	"strings"

	"golang.org/x/net/html/atom"
)

// readPlain counts the tags and texts of a page up to the first tag that is not plain, and
// returns where that is. A plain tag ends before the next one begins, and only tags and texts
// follow it. Most pages have no others. It counts just as a tokenizer would, which takes far
// longer because it keeps the attributes.
func (t *tally) readPlain(source string) (at int, err error) {
	for at < len(source) {
		text := strings.IndexByte(source[at:], '<')
		if text < 0 {
			text = len(source) - at
		}
		t.reach += text * len(t.open)
		at += text
		size := t.readTag(source[at:])
		if size == 0 {
			break
		}
		at += size
		if err := t.check(); err != nil {
			return at, err
		}
	}
	return at, nil
}

// readTag counts the tag that source begins with, and returns its size in bytes, 0 if it is not
// plain.
func (t *tally) readTag(source string) int {
	if len(source) < 2 {
		return 0
	}
	tag, behind := source, ""
	if next := strings.IndexByte(source[1:], '<'); next >= 0 {
		tag, behind = source[:1+next], source[1+next:]
	}
	switch name := tagName(tag); {
	case name == "" && isDeclaration(tag):
		if strings.HasPrefix(tag, "<!-") {
			return 0
		}
		return strings.IndexByte(tag, '>') + 1 // quotes mean nothing
	case name == "": // a text
		t.reach += len(t.open)
		return 1
	case tag[1] == '/':
		size := tagSize(tag, len("</")+len(name))
		if size > 0 {
			t.end(elementOf(name))
		}
		return size
	default:
		size, element := tagSize(tag, len("<")+len(name)), elementOf(name)
		if size == 0 || isRaw(element) && !strings.HasPrefix(behind, "</"+name+">") {
			return 0
		}
		t.start(element)
		return size
	}
}

// isDeclaration reports whether a tag without a name is a comment, a declaration or the like.
func isDeclaration(tag string) bool { return len(tag) > 1 && strings.IndexByte("/!?", tag[1]) >= 0 }

// isRaw reports whether what an element holds is text, whatever it looks like.
func isRaw(tag atom.Atom) bool {
	switch tag {
	case atom.Iframe, atom.Noembed, atom.Noframes, atom.Noscript, atom.Plaintext, atom.Script, atom.Style, atom.Textarea, atom.Title, atom.Xmp:
		return true
	}
	return false
}

// tagName returns the name in a tag as it is written, "" if it is no tag.
func tagName(tag string) string {
	name := strings.TrimPrefix(tag[1:], "/")
	if name == "" || name[0]|0x20 < 'a' || name[0]|0x20 > 'z' {
		return ""
	}
	if end := strings.IndexAny(name, " \n\r\t\f/>"); end >= 0 {
		return name[:end]
	}
	return name
}

// elementOf returns what a name means, 0 if it is none of HTML. Only ASCII has small letters here.
func elementOf(name string) atom.Atom {
	var lower [maxName]byte
	if len(name) > maxName {
		return 0
	}
	for i := range len(name) {
		lower[i] = name[i]
		if 'A' <= name[i] && name[i] <= 'Z' {
			lower[i] |= 0x20
		}
	}
	return atom.Lookup(lower[:len(name)])
}

const maxName = 32 // bytes, more than any name of HTML has

// tagSize returns the size of a tag in bytes, 0 if it does not end. Its attributes begin at a
// place. What is between quotes does not end it, but quotes are those around values alone:
// https://html.spec.whatwg.org/multipage/parsing.html#before-attribute-name-state
func tagSize(tag string, at int) int {
	named := false // what a = stands behind
	for ; at < len(tag); at++ {
		switch tag[at] {
		case '>':
			return at + 1
		case '/':
			named = false
		case ' ', '\n', '\r', '\t', '\f':
		case '=':
			if named {
				at += valueSize(tag[at+1:])
			}
			named = !named // a = without a name begins one
		default:
			named = true
		}
	}
	return 0
}

// valueSize returns the size in bytes of the value that source begins with, and of the space
// and quotes around it.
func valueSize(source string) int {
	value := strings.TrimLeft(source, " \n\r\t\f")
	if value == "" {
		return len(source)
	}
	size := 0
	if quote := value[0]; quote == '"' || quote == '\'' {
		size = strings.IndexByte(value[1:], quote) + 2
		if size == 1 {
			return len(source)
		}
	} else if size = strings.IndexAny(value, " \n\r\t\f>"); size < 0 {
		return len(source)
	}
	return len(source) - len(value) + size
}
