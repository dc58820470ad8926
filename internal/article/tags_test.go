package article

import (
	"os"
	"path/filepath"
	"reflect"
	"testing"
)

// FuzzPlainTagsAreCountedAsATokenizerCountsThem compares both counts, the rest after the plain
// tags included.
func FuzzPlainTagsAreCountedAsATokenizerCountsThem(f *testing.F) {
	paths, err := filepath.Glob("testdata/pages/*.html")
	if err != nil || len(paths) == 0 {
		f.Fatalf("pages %v, %v", paths, err)
	}
	for _, path := range paths {
		page, err := os.ReadFile(path)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(string(page))
	}
	for _, source := range []string{
		`<p a=it's><b>"</b><b c='>'>x`, `<p a = ">" x>y`, `<p =">" x>y`, `<p a==">" x>y`, `<p a/=">" x>y`, `<p a="b"=">" x>y`, `<p a=>b`, `<p/a=b/><br/>x`,
		`<a=">" x>y`, `<p ="><b>"><b>x`, `<title>a</title><b>x`, `<title><b></title><b>x`, `<textarea>a</TEXTAREA><b>x`, `<script>a</script x><b>x`,
		`<plaintext>x<b>`, `<b><!doctype ">" x>y`, `<b><!-- > a --><i>x`, `<b><!-->x`, `<b><?a ">" x>y`, `<b></>x</ b>y</i c=">">z`, `<b>a < b <<i> <`,
		"<lin\u212a>x", `<DIV ID=a>x</dIv>y<BR>z`, `<p a="`, `<`,
	} {
		f.Add(source)
	}
	f.Fuzz(func(t *testing.T, source string) {
		var got, want tally
		at, err := got.readPlain(source)
		if err != nil || got.readTokens(source[at:]) != nil || want.readTokens(source) != nil {
			return
		}
		got.attributes, want.attributes = 0, 0 // which are counted in large pages only
		if !reflect.DeepEqual(got, want) {
			t.Errorf("%q, of which %q is plain: %+v, a tokenizer counts %+v", source, source[:at], got, want)
		}
	})
}
