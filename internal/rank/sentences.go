package rank

import (
	"cmp"
	"slices"
	"strings"
	"unicode"
)

// Bounds of a sentence that reads well on its own, in bytes.
const (
	minSentence = 40
	maxSentence = 400
)

// maxSentences bounds how many sentences of a text are compared.
const maxSentences = 2000

// Sentences returns the n sentences of t that say best what it is about, in the order
// of the text: those rich in the topics' and the title's words, earlier ones first
// among equals. It returns fewer if the text has no more that read well on their own.
func Sentences(t Text, topics []string, n int) []string {
	language := base(t.Language)
	asked := map[sign]float64{}
	for _, k := range keywords(t.Title, language, []string{language}) {
		asked[k.sign] = 1
	}
	for _, topic := range topics {
		for _, k := range keywords(topic, language, []string{language}) {
			asked[k.sign] = 2
		}
	}
	all := telling(readable(t.Body, language), t.Title)
	order := make([]int, len(all))
	score := make([]float64, len(all))
	for i, s := range all {
		order[i] = i
		for w := range signsOf(s, language) {
			score[i] += asked[w]
		}
		// The opening of a text tends to say what it is about.
		score[i] += 1 / float64(1+i)
	}
	slices.SortStableFunc(order, func(x, y int) int { return cmp.Compare(score[y], score[x]) })
	order = order[:min(n, len(order))]
	slices.Sort(order)
	best := make([]string, len(order))
	for i, at := range order {
		best[i] = all[at]
	}
	return best
}

// What an explained choice keeps, so that a hundred of them are still read by people.
const (
	maxMatches  = 10 // the strongest
	maxDetailed = 3  // of those with words and quote
)

// Explain adds to the strongest matches of a choice the sentence of its text that has most
// of the topic's words, the first among equals, and leaves out the weakest ones and their
// words.
func Explain(c Choice, t Text) Choice {
	language := base(t.Language)
	all := readable(t.Body, language)
	signs := make([]map[sign]bool, len(all)) // stemming costs most, and each match asks for the same
	for i, s := range all {
		signs[i] = signsOf(s, language)
	}
	c.Matches = slices.Clone(c.Matches[:min(len(c.Matches), maxMatches)])
	for i, m := range c.Matches {
		if i >= maxDetailed {
			c.Matches[i].Words = nil
			continue
		}
		most := 0
		for at, s := range all {
			n := 0
			for _, w := range m.Words {
				if signs[at][signOf(w.Stem)] {
					n++
				}
			}
			if n > most {
				most, c.Matches[i].Quote = n, s
			}
		}
	}
	return c
}

func signsOf(text, language string) map[sign]bool {
	signs := map[sign]bool{}
	for word := range tokens(text) {
		signs[signOf(stem(word, language))] = true
	}
	return signs
}

// readable returns the sentences of a text that read well on their own, each once.
func readable(text, language string) []string {
	var found []string
	seen := map[string]bool{}
	for s := range sentences(text, language) {
		if len(s) >= minSentence && len(s) <= maxSentence && !seen[s] && begins(s) {
			seen[s], found = true, append(found, s)
		}
		if len(found) == maxSentences {
			break
		}
	}
	return found
}

// telling returns the sentences that are whole and say more than the title, or all if a text has none:
// headings and teasers have no end, and some scripts no marks.
func telling(all []string, title string) []string {
	title = strings.Join(strings.Fields(title), " ")
	whole := slices.DeleteFunc(slices.Clone(all), func(s string) bool { return !ends(s) || strings.EqualFold(s, title) })
	if len(whole) == 0 {
		return all
	}
	return whole
}

// ends reports whether a sentence ends as one, and not as a heading or in the middle.
func ends(s string) bool {
	s = strings.TrimRight(s, `"'”’»›)]“`)
	return strings.ContainsRune(".!?。！？؟।", lastRune(s)) && !strings.HasSuffix(s, "...") && !strings.HasSuffix(s, "…")
}

// begins reports whether a sentence begins as one: not in the middle, with a small letter or a mark.
func begins(s string) bool {
	r := firstRune(strings.TrimLeft(s, `"'“„«»‘’‚‹›([¿¡`))
	return letterOrDigit(r) && !unicode.IsLower(r)
}
