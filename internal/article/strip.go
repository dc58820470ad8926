package article

import "strings"

// code are the elements whose content is for programs. Often most of a page is in them.
var code = []string{"script", "style", "svg", "noscript"}

// maxTag bounds a tag that is looked at, in bytes. The parser takes care of a longer one.
const maxTag = 2048

// withoutCode returns a page without comments and the elements of [code], but with JSON-LD and
// formulas. It looks at nothing else, so it takes far less time than parsing what it removes.
// What is never closed stays for the parser.
func withoutCode(source string) string {
	var out strings.Builder
	s := stripper{source: source, next: make(map[string]int)}
	from := 0
	for at := 0; ; {
		next := strings.IndexByte(source[at:], '<')
		if next < 0 {
			break
		}
		at += next
		end, ok := s.codeEnd(at)
		if !ok {
			at++
			continue
		}
		if from == 0 {
			out.Grow(len(source) - (end - at))
		}
		out.WriteString(source[from:at])
		from, at = end, end
	}
	if from == 0 {
		return source
	}
	out.WriteString(source[from:])
	return out.String()
}

// stripper finds the ends of code in linear time: it remembers where each comes next.
type stripper struct {
	source string
	next   map[string]int
}

// codeEnd returns where the comment or the code that begins at a place ends, false if there is
// none that can go.
func (s *stripper) codeEnd(at int) (int, bool) {
	rest := s.source[at+1:]
	if comment, ok := strings.CutPrefix(rest, "!--"); ok {
		if strings.HasPrefix(comment, ">") || strings.HasPrefix(comment, "->") { // closed at once
			return 0, false
		}
		return s.behind("-->", at+len("<!--"))
	}
	if rest == "" || rest[0]|0x20 != 's' && rest[0]|0x20 != 'n' {
		return 0, false // no element of code, at a glance
	}
	for _, name := range code {
		if len(rest) <= len(name) || !strings.EqualFold(rest[:len(name)], name) {
			continue
		}
		tag := strings.IndexByte(rest[:min(len(rest), maxTag)], '>')
		if tag < 0 || rest[len(name)] != '>' && rest[len(name)] > ' ' || rest[tag-1] == '/' || name == "script" && keepsScript(rest[:tag]) {
			return 0, false
		}
		return s.closing(name, rest[:len(name)], at+1+tag)
	}
	return 0, false
}

// closing returns where the end tag of name ends, which is in small letters, in capitals or as
// the start tag was written.
func (s *stripper) closing(name, written string, from int) (int, bool) {
	nearest, closed := len(s.source), false
	for _, form := range []string{name, strings.ToUpper(name), written} {
		if end, ok := s.behind("</"+form, from); ok && end < nearest {
			nearest, closed = end, true
		}
	}
	if !closed {
		return 0, false
	}
	end := strings.IndexByte(s.source[nearest:min(len(s.source), nearest+maxTag)], '>')
	return nearest + end + 1, end >= 0
}

func keepsScript(tag string) bool {
	tag = strings.ToLower(tag)
	return strings.Contains(tag, "ld+json") || strings.Contains(tag, "math/tex")
}

// behind returns the place behind the next mark, false if it does not come.
func (s *stripper) behind(mark string, from int) (int, bool) {
	at, known := s.next[mark]
	if !known || at < from {
		at = len(s.source)
		if i := strings.Index(s.source[from:], mark); i >= 0 {
			at = from + i
		}
		s.next[mark] = at
	}
	return at + len(mark), at < len(s.source)
}
