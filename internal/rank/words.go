package rank

import (
	"cmp"
	"fmt"
	"strings"
	"unicode"

	"github.com/kljensen/snowball/english"
	"github.com/kljensen/snowball/french"
	"github.com/kljensen/snowball/hungarian"
	"github.com/kljensen/snowball/norwegian"
	"github.com/kljensen/snowball/russian"
	"github.com/kljensen/snowball/spanish"
	"github.com/kljensen/snowball/swedish"
	"github.com/rivo/uniseg"
)

// grammar is what is known of a language.
type grammar struct {
	stem func(word string, stemStopWords bool) string
	stop func(word string) bool // says nothing of what a text is about: and, the, of
}

// grammars are the languages snowball knows, by their ISO 639-1 code.
var grammars = map[string]grammar{
	"en": {english.Stem, english.IsStopWord},
	"es": {spanish.Stem, spanish.IsStopWord},
	"fr": {french.Stem, french.IsStopWord},
	"hu": {hungarian.Stem, hungarian.IsStopWord},
	"nb": {norwegian.Stem, norwegian.IsStopWord},
	"no": {norwegian.Stem, norwegian.IsStopWord},
	"ru": {russian.Stem, russian.IsStopWord},
	"sv": {swedish.Stem, swedish.IsStopWord},
}

// words returns the stems of a text's words in order, by Unicode's word boundaries
// (UAX #29), without stop words. A text that does not say its language is read as
// English; one in a language nothing is known of keeps its words as they are.
func words(text, language string) []string {
	code, _, _ := strings.Cut(strings.ToLower(language), "-")
	g, known := grammars[cmp.Or(code, "en")]
	var out []string
	for state := -1; len(text) > 0; {
		var word string
		word, text, state = uniseg.FirstWordInString(text, state)
		if !strings.ContainsFunc(word, letterOrDigit) {
			continue
		}
		word = strings.ToLower(word)
		if known && g.stop(word) {
			continue
		}
		if known {
			word = g.stem(word, false)
		}
		out = append(out, word)
	}
	return out
}

func letterOrDigit(r rune) bool { return unicode.IsLetter(r) || unicode.IsDigit(r) }

func (m Match) why() string {
	where := "in the text"
	if m.Title {
		where = "in the title"
	}
	if m.Count == 1 {
		return fmt.Sprintf("%q once, %s", m.Topic, where)
	}
	if m.Title {
		where = "also " + where
	}
	return fmt.Sprintf("%q %d times, %s", m.Topic, m.Count, where)
}
