package charset

import (
	"unicode/utf8"

	"github.com/gogs/chardet"
	"golang.org/x/net/html/charset"
	"golang.org/x/text/encoding"
	"golang.org/x/text/encoding/charmap"
)

const (
	sampleSize = 32 << 10 // bytes looked at; a guess takes a third of a millisecond for each 1 KiB of text
	fewest     = 8        // bytes beyond ASCII that must speak for a language
	sure       = 20       // of 100; below, what a guess says is chance
)

// guess returns the encoding of the language that body looks like. Without enough to go by
// it is otherwise.
func guess(body []byte, otherwise encoding.Encoding) encoding.Encoding {
	sample := beyondASCII(body)
	if len(sample) == 0 {
		return otherwise
	}
	found, err := chardet.NewHtmlDetector().DetectBest(sample)
	if err != nil || found.Confidence < sure {
		return otherwise
	}
	if found.Charset == "KOI8-R" {
		return charmap.KOI8U // has all letters of Russian in the same places, and those of Ukrainian
	}
	if known, _ := charset.Lookup(found.Charset); known != nil {
		return known
	}
	return otherwise
}

// beyondASCII returns a part of body around its first bytes that are no ASCII, nothing if
// they are few.
func beyondASCII(body []byte) []byte {
	first, count := -1, 0
	for i, b := range body {
		if b < utf8.RuneSelf {
			continue
		}
		if first < 0 {
			first = i
		}
		if count++; count == fewest {
			start := max(0, first-200)
			return body[start:min(len(body), start+sampleSize)]
		}
	}
	return nil
}
