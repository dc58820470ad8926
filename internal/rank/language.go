package rank

import (
	"strings"
	"sync"

	"github.com/blevesearch/bleve/v2/analysis"
	"github.com/blevesearch/bleve/v2/analysis/lang/da"
	"github.com/blevesearch/bleve/v2/analysis/lang/de"
	"github.com/blevesearch/bleve/v2/analysis/lang/en"
	"github.com/blevesearch/bleve/v2/analysis/lang/es"
	"github.com/blevesearch/bleve/v2/analysis/lang/fi"
	"github.com/blevesearch/bleve/v2/analysis/lang/fr"
	"github.com/blevesearch/bleve/v2/analysis/lang/hu"
	"github.com/blevesearch/bleve/v2/analysis/lang/it"
	"github.com/blevesearch/bleve/v2/analysis/lang/nl"
	"github.com/blevesearch/bleve/v2/analysis/lang/no"
	"github.com/blevesearch/bleve/v2/analysis/lang/pt"
	"github.com/blevesearch/bleve/v2/analysis/lang/ro"
	"github.com/blevesearch/bleve/v2/analysis/lang/ru"
	"github.com/blevesearch/bleve/v2/analysis/lang/sv"
	"github.com/blevesearch/bleve/v2/analysis/lang/tr"
	"github.com/blevesearch/snowballstem"
	"github.com/blevesearch/snowballstem/danish"
	"github.com/blevesearch/snowballstem/dutch"
	"github.com/blevesearch/snowballstem/english"
	"github.com/blevesearch/snowballstem/finnish"
	"github.com/blevesearch/snowballstem/french"
	"github.com/blevesearch/snowballstem/german"
	"github.com/blevesearch/snowballstem/hungarian"
	"github.com/blevesearch/snowballstem/italian"
	"github.com/blevesearch/snowballstem/norwegian"
	"github.com/blevesearch/snowballstem/portuguese"
	"github.com/blevesearch/snowballstem/romanian"
	"github.com/blevesearch/snowballstem/russian"
	"github.com/blevesearch/snowballstem/spanish"
	"github.com/blevesearch/snowballstem/swedish"
	"github.com/blevesearch/snowballstem/turkish"
)

// grammar is what is known of a language: Snowball's stemmer (https://snowballstem.org) and a
// list of its stop words, which say nothing of what a text is about: and, the, of.
type grammar struct {
	stemmer func(*snowballstem.Env) bool
	stops   func() analysis.TokenMap
}

func newGrammar(stemmer func(*snowballstem.Env) bool, stops []byte) grammar {
	return grammar{stemmer, sync.OnceValue(func() analysis.TokenMap {
		words := analysis.NewTokenMap()
		_ = words.LoadBytes(stops) // reads from memory: never fails
		return words
	})}
}

// grammars are the languages with rules of their own, by their ISO 639-1 code.
var grammars = map[string]grammar{
	"da": newGrammar(danish.Stem, da.DanishStopWords),
	"de": newGrammar(german.Stem, de.GermanStopWords),
	"en": newGrammar(english.Stem, en.EnglishStopWords),
	"es": newGrammar(spanish.Stem, es.SpanishStopWords),
	"fi": newGrammar(finnish.Stem, fi.FinnishStopWords),
	"fr": newGrammar(french.Stem, fr.FrenchStopWords),
	"hu": newGrammar(hungarian.Stem, hu.HungarianStopWords),
	"it": newGrammar(italian.Stem, it.ItalianStopWords),
	"nb": newGrammar(norwegian.Stem, no.NorwegianStopWords),
	"nl": newGrammar(dutch.Stem, nl.DutchStopWords),
	"nn": newGrammar(norwegian.Stem, no.NorwegianStopWords),
	"no": newGrammar(norwegian.Stem, no.NorwegianStopWords),
	"pt": newGrammar(portuguese.Stem, pt.PortugueseStopWords),
	"ro": newGrammar(romanian.Stem, ro.RomanianStopWords),
	"ru": newGrammar(russian.Stem, ru.RussianStopWords),
	"sv": newGrammar(swedish.Stem, sv.SwedishStopWords),
	"tr": newGrammar(turkish.Stem, tr.TurkishStopWords),
}

// longestWord is the longest word that is stemmed, in bytes. No language has longer ones.
const longestWord = 100

// stem returns what the forms of a word in lower case have in common. A word in a language
// without rules here is its own stem.
func stem(word, language string) string {
	g, known := grammars[language]
	if !known || len(word) > longestWord {
		return word
	}
	env := snowballstem.NewEnv(word)
	g.stemmer(env)
	return env.Current()
}

// isStop reports whether a word in lower case is a stop word of a language.
func isStop(word, language string) bool {
	g, known := grammars[language]
	return known && g.stops()[word]
}

// base returns the language of a tag: de for de-CH. A text that does not say its language is read
// as English.
func base(tag string) string {
	code, _, _ := strings.Cut(strings.ToLower(tag), "-")
	if code == "" {
		return "en"
	}
	return code
}
