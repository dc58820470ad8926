package mailbox

import (
	"fmt"
	"regexp"
	"strings"
)

// maxPattern bounds the pattern of a name.
const maxPattern = 1000

// matches reports whether a node's name matches a pattern, which is a matcher's: glob or pcre. A pattern
// that only Python reads, such as one that looks ahead, is an error.
func matches(name, pattern, matcher string) (bool, error) {
	if len(pattern) > maxPattern {
		return false, fmt.Errorf("pattern of %d bytes: give at most %d", len(pattern), maxPattern)
	}
	switch matcher {
	case "glob":
		pattern = `(?s)` + glob(pattern) + `\z`
	case "pcre":
	default:
		return false, fmt.Errorf("matcher %.40q: use glob or pcre", matcher)
	}
	compiled, err := regexp.Compile(`\A(?:` + pattern + `)`)
	if err != nil {
		return false, fmt.Errorf("pattern %.80q: %w", pattern, err)
	}
	return compiled.MatchString(name), nil
}

// glob translates a pattern of Python's fnmatch, in which no character undoes the meaning of another.
func glob(pattern string) string {
	var b strings.Builder
	for i := 0; i < len(pattern); i++ {
		switch c := pattern[i]; c {
		case '*':
			b.WriteString(`.*`)
		case '?':
			b.WriteByte('.')
		case '[':
			end := setEnd(pattern, i)
			if end < 0 {
				b.WriteString(`\[`)
				continue
			}
			b.WriteString(set(pattern[i+1 : end]))
			i = end
		default:
			// Bytes of one character follow each other.
			b.WriteString(regexp.QuoteMeta(pattern[i : i+1]))
		}
	}
	return b.String()
}

// setEnd returns where the set that begins at from ends, -1 if it does not. A ] that comes first is a
// member of it.
func setEnd(pattern string, from int) int {
	first := from + 1
	if strings.HasPrefix(pattern[first:], "!") {
		first++
	}
	if first >= len(pattern) {
		return -1
	}
	if end := strings.IndexByte(pattern[first+1:], ']'); end >= 0 {
		return first + 1 + end
	}
	return -1
}

// set returns the class of the characters that a set has.
func set(members string) string {
	negated := strings.HasPrefix(members, "!")
	members = strings.NewReplacer(`\`, `\\`, `[`, `\[`, `]`, `\]`, `^`, `\^`).Replace(strings.TrimPrefix(members, "!"))
	if negated {
		return `[^` + members + `]`
	}
	return `[` + members + `]`
}
