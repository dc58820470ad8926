package redact

import (
	"cmp"
	"slices"
	"strings"
)

// span is a part of a text.
type span struct{ begin, end int }

// without returns a text with one word for each of its parts; parts that touch are one.
func without(text string, parts []span) string {
	if len(parts) == 0 {
		return text
	}
	slices.SortFunc(parts, func(a, b span) int { return cmp.Compare(a.begin, b.begin) })
	var out strings.Builder
	done := 0
	for i := 0; i < len(parts); {
		begin, end := parts[i].begin, parts[i].end
		for i++; i < len(parts) && parts[i].begin <= end; i++ {
			end = max(end, parts[i].end)
		}
		out.WriteString(text[done:begin])
		out.WriteString(Hidden)
		done = end
	}
	out.WriteString(text[done:])
	return out.String()
}
