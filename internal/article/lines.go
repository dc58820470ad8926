package article

import (
	"regexp"
	"slices"
	"strings"
	"unicode/utf8"
)

// maxAside is how long a line may be that is no part of the text, in bytes.
const maxAside = 200

// asides are the beginnings of lines that lead to other texts, and whole lines that say whose a
// picture is, in the languages of many pages. They stand in the text itself, without any mark.
var asides = byLetters(slices.Concat([]string{
	`read (more|also|next)\b`, `also read\b`, `see also\b`, `you (might|may) also like`, `related( coverage| stories| articles|:|$)`,
	`more on this`, `lesen sie (auch|hier|dazu|mehr)`, `auch lesen`, `lies auch`, `auch interessant`, `mehr zum thema`,
	`das (thema )?könnte (dich|sie|euch)`, `zum weiterlesen`, `weiterführende links?`, `weitere informationen:?\s*$`,
	`lea( también| más)?:`, `lea también`, `le puede interesar`, `te puede interesar`, `puedes ver:`, `mir[ae]:`,
	`leia (também|mais)`, `veja (também|mais)`, `à lire aussi`, `a lire aussi`, `lire aussi`, `voir aussi`, `leggi anche`, `lees ook`,
	`czytaj (też|także|więcej)`, `zobacz (też|także|więcej)`,
},
	each(`advertisement anzeige werbung reklama publicidad publicité pubblicità`, `:?\s*$`),
	each(`foto photo bild image abbildung quelle bildquelle fotoquelle credit źródło fuente fonte`, `s?( credit| by)?: ?.{0,100}$`),
))

// each returns expressions that have an ending in common.
func each(beginnings, ending string) (expressions []string) {
	for beginning := range strings.FieldsSeq(beginnings) {
		expressions = append(expressions, beginning+ending)
	}
	return expressions
}

// byLetters compiles those expressions into one that begin with the same two letters. Most
// lines begin with none of them, and need no expression at all.
func byLetters(expressions []string) map[string]*regexp.Regexp {
	alike := make(map[string][]string)
	for _, e := range expressions {
		alike[firstLetters(e)] = append(alike[firstLetters(e)], e)
	}
	compiled := make(map[string]*regexp.Regexp, len(alike))
	for letters, of := range alike {
		compiled[letters] = regexp.MustCompile(`(?i)^(` + strings.Join(of, "|") + `)`)
	}
	return compiled
}

// firstLetters returns the first two characters of text in lower case.
func firstLetters(text string) string {
	_, first := utf8.DecodeRuneInString(text)
	_, second := utf8.DecodeRuneInString(text[first:])
	return strings.ToLower(text[:first+second])
}

// isAside reports whether a line leads elsewhere.
func isAside(line string) bool {
	if len(line) > maxAside {
		return false
	}
	line = strings.TrimLeft(strings.TrimSpace(line), "*-–—>»•▶→([ \t\n\f\r")
	expression := asides[firstLetters(line)]
	return expression != nil && expression.MatchString(line)
}

// withoutAsides returns a clean text without lines that lead elsewhere. A text of nothing else
// stays as it is.
func withoutAsides(text string) string {
	var kept strings.Builder
	for line := range strings.Lines(text) {
		if !isAside(line) {
			kept.WriteString(line)
		}
	}
	if kept.Len() == len(text) {
		return text
	}
	if left := clean(kept.String()); left != "" {
		return left
	}
	return text
}
