package web

import (
	"strings"
	"testing"
	"unicode/utf8"
)

func TestDecodeTextReadsDeclaredAndUndeclaredEncodings(t *testing.T) {
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
		{"empty", "", "", ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			if got := DecodeText([]byte(c.body), c.contentType); got != c.want {
				t.Fatalf("%q, want %q", got, c.want)
			}
		})
	}
}

func FuzzDecodeText(f *testing.F) {
	f.Add([]byte("\xff\xfeh\x00i"), "text/html; charset=utf-16")
	f.Add([]byte("\x93\xfa\x96"), "text/html; charset=shift_jis")
	f.Fuzz(func(t *testing.T, body []byte, contentType string) {
		got := DecodeText(body, contentType)
		if !utf8.ValidString(got) {
			t.Fatalf("%q is not UTF-8", got)
		}
		// No encoding of the standard makes more than three bytes of one.
		if len(got) > 3*len(body)+3 {
			t.Fatalf("%d bytes became %d", len(body), len(got))
		}
	})
}
