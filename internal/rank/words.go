package rank

import (
	"hash/maphash"
	"iter"
	"strings"
	"unicode"

	"github.com/rivo/uniseg"
	"golang.org/x/text/unicode/norm"
)

// tokens returns the words of a text in order, in lower case, by Unicode's word boundaries
// (UAX #29). Scripts that put no space between words have each pair of neighbouring characters
// as a word, the usual way to search them.
func tokens(text string) iter.Seq[string] {
	return func(yield func(string) bool) {
		text, last := strings.ToLower(norm.NFKC.String(text)), ""
		for state := -1; len(text) > 0; {
			var word string
			word, text, state = uniseg.FirstWordInString(text, state)
			r := firstRune(word)
			switch {
			case unspaced(r):
				if last != "" && !yield(last+word) {
					return
				}
				last = word
				continue
			case strings.ContainsFunc(word, letterOrDigit):
				if !yield(word) {
					return
				}
			}
			last = ""
		}
	}
}

func firstRune(s string) rune {
	for _, r := range s {
		return r
	}
	return 0
}

func letterOrDigit(r rune) bool { return unicode.IsLetter(r) || unicode.IsDigit(r) }

// unspaced reports whether a character belongs to a script that puts no space between words.
func unspaced(r rune) bool {
	return unicode.In(r, unicode.Han, unicode.Hiragana, unicode.Katakana, unicode.Thai, unicode.Lao, unicode.Khmer, unicode.Myanmar)
}

// sign is a word's stem, as a number to compare.
type sign uint64

var seed = maphash.MakeSeed()

func signOf(stem string) sign { return sign(maphash.String(seed, stem)) }

// keyword is a word of a topic.
type keyword struct {
	stem string
	sign sign
}

// keywords returns the words of a topic that say what it is about, each once, as a text in that
// language has them. Words that are stop words in one of the reader's languages say nothing.
func keywords(topic, language string, stops []string) []keyword {
	var found []keyword
	seen := map[sign]bool{}
next:
	for word := range tokens(topic) {
		for _, l := range stops {
			if isStop(word, l) {
				continue next
			}
		}
		s := stem(word, language)
		if k := (keyword{s, signOf(s)}); !seen[k.sign] {
			seen[k.sign], found = true, append(found, k)
		}
	}
	return found
}
