package charset

import (
	"os"
	"strings"
	"testing"
	"unicode/utf8"

	"golang.org/x/net/html/charset"
)

func TestDecodeReadsDeclaredAndUndeclaredEncodings(t *testing.T) {
	late := strings.Repeat("a ", 600)
	for _, c := range []struct{ name, body, contentType, want string }{
		{"latin-1 by header", "caf\xe9", "text/html; charset=ISO-8859-1", "café"},
		{"windows-1252 quotes", "\x93caf\xe9\x94", "text/plain; charset=latin1", "“café”"},
		{"Shift-JIS by header", "\x93\xfa\x96{\x8c\xea", "text/html; charset=Shift_JIS", "日本語"},
		{"Shift-JIS by meta", "<meta charset=shift_jis>\x93\xfa\x96{\x8c\xea", "text/html", "<meta charset=shift_jis>日本語"},
		{"ISO-2022-JP by meta", "<meta charset=iso-2022-jp>\x1b$BF|K\\\x1b(B", "text/html", "<meta charset=iso-2022-jp>日本"},
		{"KOI8-R by header", "\xd0\xd2\xc9\xd7\xc5\xd4", "text/html; charset=koi8-r", "привет"},
		{"UTF-16 by mark", "\xff\xfeh\x00i\x00", "text/html; charset=utf-8", "hi"},
		{"UTF-8 by mark", "\xef\xbb\xbfhé", "text/html; charset=latin1", "hé"},
		{"UTF-8 undeclared", "café", "text/html", "café"},
		{"UTF-8 undeclared, late", late + "“café”", "text/html", late + "“café”"},
		{"latin-1 undeclared", "caf\xe9 noir", "", "café noir"},
		{"unknown charset", "café", "text/html; charset=klingon", "café"},
		{"broken UTF-8", "a\xffb", "text/html; charset=utf-8", "a\ufffdb"},
		{"UTF-8 called latin-1", "“café”", "text/html; charset=latin1", "“café”"},
		{"UTF-8 with one character cut", strings.Repeat("é", 20) + "\xc3", "", strings.Repeat("é", 20) + "\ufffd"},
		{"UTF-8 called UTF-16", `<?xml version="1.0" encoding="utf-16"?><a>é</a>`, "", `<?xml version="1.0" encoding="utf-16"?><a>é</a>`},
		{"UTF-16 without a mark", "<\x00a\x00>\x00\xe9\x00", "", "<a>é"},
		{"UTF-16 of JSON", "\x00{\x00}", "", "{}"},
		{"UTF-32 by mark", "\xff\xfe\x00\x00h\x00\x00\x00\xe9\x00\x00\x00", "", "hé"},
		{"UTF-32 without a mark", "\x00\x00\x00<\x00\x00\x00\xe9", "", "<é"},
		{"windows-1251 by XML", "<?xml version='1.0' encoding='windows-1251'?>\xcf\xf0\xe8\xe2\xe5\xf2", "application/xml", "<?xml version='1.0' encoding='windows-1251'?>Привет"},
		{"unknown by header, known by meta", "<meta charset=koi8-r>\xd0\xd2", "text/html; charset=klingon", "<meta charset=koi8-r>пр"},
		{"meta far down", strings.Repeat("<!-- -->", 200) + "<meta charset=koi8-r>\xd0\xd2", "", strings.Repeat("<!-- -->", 200) + "<meta charset=koi8-r>пр"},
		{"empty", "", "", ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			if got := Decode([]byte(c.body), c.contentType); got != c.want {
				t.Fatalf("%q, want %q", got, c.want)
			}
		})
	}
}

// TestLettersTellAnEncodingThatIsNotDeclared reads each line of a file: a language, its
// encodings and a text.
func TestLettersTellAnEncodingThatIsNotDeclared(t *testing.T) {
	lines, err := os.ReadFile("testdata/languages.tsv")
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(lines)) {
		language, rest, _ := strings.Cut(strings.TrimSpace(line), "\t")
		encodings, text, _ := strings.Cut(rest, "\t")
		page := "<!doctype html><html><head><title>x</title><style>p{color:red}</style></head><body><div class=a><p>" + text + "</p></div></body></html>"
		for name := range strings.FieldsSeq(encodings) {
			encoding, _ := charset.Lookup(name)
			body, err := encoding.NewEncoder().String(page)
			if err != nil {
				t.Fatal(language, name, err)
			}
			for _, declared := range []string{"text/html", "text/html; charset=utf-8", "text/html; charset=x-unknown"} {
				if got := Decode([]byte(body), declared); got != page {
					t.Errorf("%s in %s, sent as %q: %.200s", language, name, declared, got[100:])
				}
			}
		}
	}
}

func FuzzDecode(f *testing.F) {
	f.Add([]byte("\xff\xfeh\x00i"), "text/html; charset=utf-16")
	f.Add([]byte("\x93\xfa\x96"), "text/html; charset=shift_jis")
	f.Fuzz(func(t *testing.T, body []byte, contentType string) {
		got := Decode(body, contentType)
		if !utf8.ValidString(got) {
			t.Fatalf("%q is not UTF-8", got)
		}
		// No encoding of the standard makes more than three bytes of one.
		if len(got) > 3*len(body)+3 {
			t.Fatalf("%d bytes became %d", len(body), len(got))
		}
	})
}
