package article

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"codeberg.org/readeck/go-readability/v2"
	"codeberg.org/readeck/go-readability/v2/render"
	"golang.org/x/net/html"
)

// textOf returns the text of an article, "" if it has none.
func textOf(article readability.Article) string {
	if article.Node == nil {
		return ""
	}
	return withoutAsides(clean(render.InnerText(article.Node)))
}

// Plain returns the text of a piece of HTML, such as a feed has it, at most [MaxText] bytes.
func Plain(source string) string {
	if !strings.ContainsAny(source, "<&") {
		return clean(source)
	}
	if measure(source) != nil {
		return ""
	}
	root, err := html.Parse(strings.NewReader(source))
	if err != nil {
		return ""
	}
	return clean(render.InnerText(root))
}

// withLead returns a text with its first lines, which readability takes for part of the head
// of the page.
func withLead(lead, text string) string {
	if text == "" || lead == "" || strings.Contains(text, Cut(lead, minLead)) {
		return text
	}
	return Cut(lead+"\n\n"+text, MaxText)
}

// longer returns own, or other where it has far more to say: a page that scripts complete has
// little text of its own.
func longer(own, other string) string {
	if len(own)*2 < len(other) {
		return other
	}
	return own
}

// clean returns text as documents keep it: lines with single spaces, paragraphs apart by
// one empty line, no control characters, at most [MaxText] bytes. A text without a single
// letter or digit is none.
func clean(text string) string {
	var out strings.Builder
	out.Grow(min(len(text), MaxText))
	gap := "" // what comes before the next line with words
	for l := range strings.Lines(text) {
		words := spaced(l)
		if words == "" {
			if out.Len() > 0 {
				gap = "\n\n"
			}
			continue
		}
		out.WriteString(gap)
		out.WriteString(words)
		gap = "\n"
		if out.Len() > MaxText {
			break
		}
	}
	if !strings.ContainsFunc(out.String(), readable) {
		return ""
	}
	return Cut(out.String(), MaxText)
}

// spaced returns the words of text with single spaces between them and nothing that is not
// [printable].
func spaced(text string) string {
	text = strings.TrimSpace(text)
	if isSpaced(text) {
		return text
	}
	return strings.Join(strings.Fields(strings.Map(printable, text)), " ")
}

// isSpaced reports whether [spaced] would leave trimmed text as it is, as most lines.
func isSpaced(text string) bool {
	last := rune(0)
	for _, r := range text {
		switch {
		case r < ' ', r == ' ' && last == ' ', r == utf8.RuneError:
			return false
		case r > '~' && (unicode.IsSpace(r) || printable(r) != r):
			return false
		}
		last = r
	}
	return true
}

// line returns text on one line of at most [MaxTitle] bytes.
func line(text string) string {
	return Cut(spaced(text), MaxTitle)
}

// firstLine returns the first line of a clean text, bounded like a title.
func firstLine(text string) string {
	first, _, _ := strings.Cut(text, "\n")
	return line(first)
}

// printable drops what no reader sees but a terminal, a log or a neighbouring line would
// feel: control characters, and those that turn the direction of writing.
func printable(r rune) rune {
	if r == '\ufeff' || unicode.Is(unicode.Bidi_Control, r) || unicode.IsControl(r) && !unicode.IsSpace(r) {
		return -1
	}
	return r
}

func readable(r rune) bool { return unicode.IsLetter(r) || unicode.IsNumber(r) }

// Cut returns at most size bytes of text and splits no character.
func Cut(text string, size int) string {
	if !utf8.ValidString(text) { // asked first, because it takes far less time
		text = strings.ToValidUTF8(text, "\ufffd")
	}
	if len(text) <= size {
		return text
	}
	for !utf8.RuneStart(text[size]) {
		size--
	}
	return strings.TrimSpace(text[:size])
}
