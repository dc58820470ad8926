package charset

import (
	"bytes"
	"mime"
	"regexp"
	"strings"

	"golang.org/x/net/html/charset"
	"golang.org/x/text/encoding"
	"golang.org/x/text/encoding/unicode"
	"golang.org/x/text/encoding/unicode/utf32"
)

// wideEncoding returns the encoding of a byte order mark, or of UTF-16 or UTF-32 without
// one, which shows in the zeros around the first character; nil for any other.
func wideEncoding(body []byte) encoding.Encoding {
	for _, start := range []struct {
		bytes string
		means encoding.Encoding
	}{
		{"\xff\xfe\x00\x00", utf32.UTF32(utf32.LittleEndian, utf32.IgnoreBOM)},
		{"\x00\x00\xfe\xff", utf32.UTF32(utf32.BigEndian, utf32.IgnoreBOM)},
		{"<\x00\x00\x00", utf32.UTF32(utf32.LittleEndian, utf32.IgnoreBOM)},
		{"\x00\x00\x00<", utf32.UTF32(utf32.BigEndian, utf32.IgnoreBOM)},
		{"\xff\xfe", unicode.UTF16(unicode.LittleEndian, unicode.IgnoreBOM)},
		{"\xfe\xff", unicode.UTF16(unicode.BigEndian, unicode.IgnoreBOM)},
		{"\xef\xbb\xbf", encoding.Nop},
		{"<\x00", unicode.UTF16(unicode.LittleEndian, unicode.IgnoreBOM)},
		{"{\x00", unicode.UTF16(unicode.LittleEndian, unicode.IgnoreBOM)},
		{"\x00<", unicode.UTF16(unicode.BigEndian, unicode.IgnoreBOM)},
		{"\x00{", unicode.UTF16(unicode.BigEndian, unicode.IgnoreBOM)},
	} {
		if bytes.HasPrefix(body, []byte(start.bytes)) {
			return start.means
		}
	}
	return nil
}

// headSize is how many bytes of a document may declare its encoding. The HTML standard
// reads 1024; pages with long heads come later to it.
const headSize = 4096

var declaration = regexp.MustCompile(`(?i)<\?xml[^>]{0,200}?\sencoding\s*=\s*["']\s*([\w.:-]{1,40})|<meta[^>]{0,400}?charset\s*=\s*["']?\s*([\w.:-]{1,40})`)

// declared returns the label of the encoding that is declared, in lower case: the content
// type's, else the document's own, "" if there is none that is known.
func declared(body []byte, contentType string) string {
	_, parameters, _ := mime.ParseMediaType(contentType)
	labels := []string{parameters["charset"]}
	for _, m := range declaration.FindAllSubmatch(body[:min(headSize, len(body))], 4) {
		labels = append(labels, string(m[1]), string(m[2]))
	}
	for _, label := range labels {
		if known, _ := charset.Lookup(label); known != nil {
			return strings.ToLower(label)
		}
	}
	return ""
}
