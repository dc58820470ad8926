package feeds

import "strings"

type attribute struct{ name, value string } // the value is escaped

// attributes reads the attributes of a start tag: quoted, not quoted or without a value. Of
// those with the same name the first counts.
func attributes(written string) []attribute {
	var read []attribute
	for rest := written; len(read) < maxAttributes; {
		rest = strings.TrimLeft(rest, " \t\r\n\"'=/")
		if rest == "" {
			break
		}
		var name, value string
		name, value, rest = nextAttribute(rest)
		if name != "" && !has(read, name) {
			read = append(read, attribute{name, escape(value)})
		}
	}
	return read
}

// nextAttribute returns the first attribute of rest and what follows it. The name is empty
// where it cannot be one.
func nextAttribute(rest string) (name, value, after string) {
	end := strings.IndexAny(rest, " \t\r\n=\"'")
	if end < 0 {
		end = len(rest)
	}
	name, after = rest[:end], strings.TrimLeft(rest[end:], " \t\r\n")
	for i := range len(name) {
		if !isName(name[i], i > 0) {
			name = ""
			break
		}
	}
	after, assigned := strings.CutPrefix(after, "=")
	if !assigned {
		return name, name, after
	}
	after = strings.TrimLeft(after, " \t\r\n")
	for _, quote := range []string{`"`, "'"} {
		if quoted, ok := strings.CutPrefix(after, quote); ok {
			value, after, _ = strings.Cut(quoted, quote)
			return name, value, after
		}
	}
	value, after = cutSpace(after)
	return name, value, after
}

func cutSpace(s string) (before, after string) {
	if i := strings.IndexAny(s, " \t\r\n"); i >= 0 {
		return s[:i], s[i:]
	}
	return s, ""
}

func has(read []attribute, name string) bool {
	for _, a := range read {
		if a.name == name {
			return true
		}
	}
	return false
}
