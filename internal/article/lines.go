package article

import (
	"regexp"
	"strings"
)

// maxAside is how long a line may be that is no part of the text, in bytes.
const maxAside = 200

// aside are the beginnings of lines that lead to other texts, and whole lines that say whose a
// picture is, in the languages of many pages. They stand in the text itself, without any mark.
var aside = regexp.MustCompile(`(?i)^[*\-–—>»•▶→\s(\[]*(` +
	`read (more|also|next)\b|also read\b|see also\b|you (might|may) also like|related( coverage| stories| articles|:|$)|more on this|` +
	`lesen sie (auch|hier|dazu|mehr)|auch lesen|lies auch|auch interessant|mehr zum thema|das (thema )?könnte (dich|sie|euch)|zum weiterlesen|` +
	`weiterführende links?|weitere informationen:?\s*$|` +
	`lea( también| más)?:|lea también|le puede interesar|te puede interesar|puedes ver:|mir[ae]:|` +
	`leia (também|mais)|veja (também|mais)|(à |a )?lire aussi|voir aussi|leggi anche|lees ook|czytaj (też|także|więcej)|zobacz (też|także|więcej)|` +
	`(advertisement|anzeige|werbung|reklama|publicidad|publicité|pubblicità):?\s*$|` +
	`(foto|photo|bild|image|abbildung|quelle|bildquelle|fotoquelle|credit|źródło|fuente|fonte)s?( credit| by)?: ?.{0,100}$)`)

// withoutAsides returns a clean text without lines that lead elsewhere. A text of nothing else
// stays as it is.
func withoutAsides(text string) string {
	var kept strings.Builder
	for line := range strings.Lines(text) {
		if len(line) > maxAside || !aside.MatchString(strings.TrimSpace(line)) {
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
