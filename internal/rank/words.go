package rank

import (
	"fmt"
	"strings"
	"unicode"

	"github.com/kljensen/snowball"
	"github.com/rivo/uniseg"
)

// stemmers are the languages snowball knows, by their ISO 639-1 code.
var stemmers = map[string]string{
	"en": "english", "es": "spanish", "fr": "french", "ru": "russian",
	"sv": "swedish", "no": "norwegian", "nb": "norwegian", "hu": "hungarian",
}

// words returns the stems of a text's words in order, by Unicode's word boundaries
// (UAX #29). A text of unknown language is stemmed as English.
func words(text, language string) []string {
	stemmer := stemmers["en"]
	if code, _, _ := strings.Cut(strings.ToLower(language), "-"); code != "" {
		stemmer = stemmers[code]
	}
	var out []string
	for state := -1; len(text) > 0; {
		var word string
		word, text, state = uniseg.FirstWordInString(text, state)
		if !strings.ContainsFunc(word, letterOrDigit) {
			continue
		}
		word = strings.ToLower(word)
		if stemmer != "" {
			if stem, err := snowball.Stem(word, stemmer, false); err == nil {
				word = stem
			}
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
