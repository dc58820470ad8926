package charset

import (
	"unicode/utf8"

	"github.com/gogs/chardet"
	other "github.com/wlynxg/chardet"
	"golang.org/x/net/html/charset"
	"golang.org/x/text/encoding"
	"golang.org/x/text/encoding/charmap"

	"switchyard/internal/foreign"
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
	if rare := guessRare(sample); rare != nil {
		return rare
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

// rare are encodings that one detector of two knows nothing of, by the names that the other one has for
// them. Of everything else that one knows less: of the languages of Europe with Latin letters, nothing.
var rare = map[string]encoding.Encoding{
	"TIS-620": charmap.Windows874, "IBM866": charmap.CodePage866, "MacCyrillic": charmap.MacintoshCyrillic,
}

// certain is from when on the guess of a rare encoding counts, of 1.
const certain = 0.8

// guessRare returns the rare encoding that body looks like, nil if it looks like none.
func guessRare(body []byte) encoding.Encoding {
	found, err := foreign.Parse(func() (other.Result, error) { return other.Detect(body), nil })
	if err != nil || found.Confidence < certain {
		return nil
	}
	return rare[found.Encoding]
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
