package rank

import (
	"iter"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/rivo/uniseg"
)

// sentences returns the sentences of a text, by Unicode's sentence boundaries (UAX #29), with
// suppressions as CLDR knows them: no sentence ends after an abbreviation, an initial or, where
// numbers with a dot count, a number. A line break ends a sentence too.
func sentences(text, language string) iter.Seq[string] {
	return func(yield func(string) bool) {
		for line := range strings.Lines(text) {
			open := ""
			for state := -1; len(line) > 0; {
				var s string
				s, line, state = uniseg.FirstSentenceInString(line, state)
				s = strings.Join(strings.Fields(s), " ")
				if open = join(open, s); line != "" && len(open) < maxSentence && goesOn(open, firstWord(line), language) {
					continue
				}
				if !yield(open) {
					return
				}
				open = ""
			}
		}
	}
}

func join(a, b string) string {
	if a == "" || b == "" {
		return a + b
	}
	return a + " " + b
}

func firstWord(s string) string {
	s = strings.TrimLeft(s, " \t")
	if i := strings.IndexAny(s, " \t\n"); i >= 0 {
		return s[:i]
	}
	return s
}

// goesOn reports whether a sentence that seems to end does not, before the word that follows.
func goesOn(s, next, language string) bool {
	if !strings.HasSuffix(s, ".") {
		return false
	}
	last := strings.TrimLeft(s[strings.LastIndex(s, " ")+1:], `"'“„«(‘[`)
	stem := strings.TrimSuffix(last, ".")
	switch r := firstRune(next); {
	case unicode.IsLower(r):
		return true
	case slices.Contains(abbreviations[language], strings.ToLower(last)), slices.Contains(everywhere, strings.ToLower(last)):
		return true
	case isInitials(stem):
		return true // of a name, of U.S. or L.A., of z. B.
	case slices.Contains(counting, language) && isNumber(stem):
		return true // 3. Oktober
	}
	return false
}

// isInitials reports whether a word without its last dot is single letters with dots between them.
func isInitials(s string) bool {
	letters := strings.Split(s, ".")
	return len(letters) <= 5 && !slices.ContainsFunc(letters, func(l string) bool {
		return utf8.RuneCountInString(l) != 1 || !unicode.IsLetter(firstRune(l))
	})
}

func isNumber(s string) bool {
	return s != "" && len(s) <= 3 && !strings.ContainsFunc(s, func(r rune) bool { return r < '0' || r > '9' })
}

// counting are the languages that write a dot after a number that counts.
var counting = []string{"cs", "da", "de", "et", "fi", "hr", "hu", "nb", "nn", "no", "pl", "sk", "sl", "sr", "tr"}

// everywhere are abbreviations, mostly titles, that texts of all languages have.
var everywhere = []string{"dr.", "prof.", "mr.", "mrs.", "ms.", "st.", "vs.", "jr.", "sr.", "inc.", "ltd.", "co.", "corp.", "e.g.", "i.e.", "u.s.", "u.k.", "u.n.", "e.u.", "a.m.", "p.m.", "ph.d.", "gen.", "col.", "capt.", "sgt.", "lt."}

// abbreviations are those after which a sentence of a language goes on, with a capital letter too.
// They are among the segmentation suppressions of the Unicode CLDR (https://cldr.unicode.org).
var abbreviations = map[string][]string{
	"de": {"z.b.", "d.h.", "u.a.", "bzw.", "ca.", "etc.", "usw.", "nr.", "str.", "abs.", "art.", "hr.", "fr.", "dipl.", "ing.", "evtl.", "ggf.", "inkl.", "mio.", "mrd.", "vgl.", "sog.", "bspw.", "jan.", "feb.", "aug.", "sept.", "okt.", "nov.", "dez."},
	"en": {"jan.", "feb.", "mar.", "apr.", "jun.", "jul.", "aug.", "sep.", "sept.", "oct.", "nov.", "dec.", "sen.", "rep.", "gov.", "rev.", "hon.", "pres.", "mt.", "ft.", "fig.", "approx.", "est.", "cf.", "al.", "viz.", "messrs.", "ave.", "blvd.", "bros.", "calif."},
	"es": {"sr.", "sra.", "srta.", "ud.", "uds.", "dra.", "ee.uu.", "ej.", "núm.", "pág.", "av.", "gral.", "lic.", "d.", "dña."},
	"fr": {"m.", "mm.", "mme.", "mlle.", "env.", "etc.", "cf.", "p.ex.", "janv.", "févr.", "juill.", "sept.", "oct.", "nov.", "déc.", "av.", "bd.", "ste."},
	"it": {"sig.", "sig.ra.", "dott.", "dott.ssa.", "avv.", "ing.", "ecc.", "pag.", "prof.ssa.", "on.", "es."},
	"nl": {"dhr.", "mevr.", "mw.", "bijv.", "d.w.z.", "drs.", "ir.", "mr.", "nr.", "o.a.", "m.b.t.", "resp."},
	"pt": {"sra.", "dra.", "av.", "ex.", "pág.", "núm.", "exmo.", "exma.", "etc.", "eng."},
	"ru": {"г.", "гг.", "им.", "ул.", "руб.", "млн.", "млрд.", "тыс.", "т.е.", "т.д.", "т.п.", "см.", "др."},
	"sv": {"t.ex.", "bl.a.", "ca.", "dvs.", "d.v.s.", "kl.", "m.m.", "osv.", "s.k.", "resp."},
}
