package article

import (
	"github.com/abadojack/whatlanggo"
	"golang.org/x/text/language"
)

const (
	sample = 2 << 10 // bytes of text from which a language is told
	// maxLanguage is the longest language tag read, in bytes: RFC 5646, section 4.4.1, says
	// as much is enough. Parsing takes quadratic time, minutes for a megabyte.
	maxLanguage = 35
)

// languageOf returns the language of text, such as en: the first of tags that names one,
// else what the text looks like, "" if that is not sure.
func languageOf(text string, tags ...string) string {
	for _, tag := range tags {
		if len(tag) > maxLanguage {
			continue
		}
		parsed, err := language.Parse(tag)
		if err != nil || parsed == language.Und {
			continue
		}
		base, _ := parsed.Base()
		return base.String()
	}
	info := whatlanggo.Detect(Cut(text, sample))
	if !info.IsReliable() {
		return ""
	}
	return info.Lang.Iso6391()
}
