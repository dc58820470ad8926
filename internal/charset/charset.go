// Package charset turns the bytes of pages and feeds into UTF-8.
package charset

import (
	"bytes"
	"strings"
	"unicode/utf8"

	"golang.org/x/net/html/charset"
	"golang.org/x/text/encoding"
	"golang.org/x/text/encoding/charmap"
)

// Decode returns body as UTF-8. It goes by the first of these that fits:
//
//   - a byte order mark, or the zeros of UTF-16 and UTF-32
//   - the bytes, where they are valid UTF-8, whatever is declared
//   - what contentType, an XML declaration or an HTML meta element declares
//   - the language the bytes look like, else windows-1252
//
// Bytes that mean nothing in the encoding become U+FFFD.
func Decode(body []byte, contentType string) string {
	if wide := wideEncoding(body); wide != nil {
		return decode(wide, body)
	}
	label := "iso-2022-jp"
	if !isEscaped(body) {
		if isUTF8(body) {
			return decode(encoding.Nop, body)
		}
		label = declared(body, contentType)
	}
	said, name := charset.Lookup(label)
	switch {
	case said == nil, name == "replacement":
		return decode(guess(body, charmap.Windows1252), body)
	case name == "utf-8": // which the bytes have just proved wrong
		return decode(guess(body, encoding.Nop), body)
	}
	text := decode(said, body)
	if broken(text) {
		if other := decode(guess(body, said), body); !broken(other) {
			return other
		}
	}
	return text
}

func decode(from encoding.Encoding, body []byte) string {
	if from != encoding.Nop {
		if decoded, err := from.NewDecoder().Bytes(body); err == nil { // decoders replace what they cannot read; keep the bytes if one does not
			body = decoded
		}
	}
	text := string(body)
	if !utf8.ValidString(text) { // asked first, because it takes far less time
		text = strings.ToValidUTF8(text, "\ufffd")
	}
	return strings.TrimPrefix(text, "\ufeff")
}

// isEscaped reports whether body switches to Japanese as ISO-2022-JP does, whose bytes are
// ASCII otherwise and so valid UTF-8.
func isEscaped(body []byte) bool {
	return bytes.Contains(body, []byte("\x1b$B")) || bytes.Contains(body, []byte("\x1b$@"))
}

// isUTF8 reports whether body is UTF-8, or would be but for a few broken characters, such
// as those a program cut in two.
func isUTF8(body []byte) bool {
	if utf8.Valid(body) {
		return true
	}
	good, bad := 0, 0
	for rest := body; len(rest) > 0; {
		r, size := utf8.DecodeRune(rest)
		switch {
		case r == utf8.RuneError && size == 1:
			bad++
		case size > 1:
			good++
		}
		rest = rest[size:]
	}
	return good > 10*bad
}

// broken reports whether so much of text could not be decoded that its encoding is
// another one.
func broken(text string) bool {
	bad := strings.Count(text, "\ufffd")
	return bad > 0 && bad*20 > utf8.RuneCountInString(text)-ascii(text)
}

func ascii(text string) int {
	n := 0
	for i := range len(text) {
		if text[i] < utf8.RuneSelf {
			n++
		}
	}
	return n
}
