package web

import (
	"strings"
	"unicode/utf8"

	"golang.org/x/net/html/charset"
)

// DecodeText returns body as UTF-8. The encoding is taken from a byte order mark, from
// contentType, or from an HTML meta element in the first 1024 bytes, in this order;
// without any of them it is UTF-8 if the bytes are, and else windows-1252, as the
// HTML standard has it (https://html.spec.whatwg.org/#determining-the-character-encoding).
// Bytes that mean nothing in the encoding become U+FFFD.
func DecodeText(body []byte, contentType string) string {
	encoding, name, certain := charset.DetermineEncoding(body, contentType)
	// The guess saw the first 1024 bytes; English prose has its first quote later.
	if name == "windows-1252" && !certain && utf8.Valid(body) {
		return string(body)
	}
	text, err := encoding.NewDecoder().Bytes(body)
	if err != nil { // decoders replace what they cannot read; keep the bytes if one does not
		text = body
	}
	return strings.TrimPrefix(strings.ToValidUTF8(string(text), "\ufffd"), "\ufeff")
}
