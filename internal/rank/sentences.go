package rank

import (
	"cmp"
	"slices"
	"strings"

	"github.com/rivo/uniseg"
)

// Bounds of a sentence that reads well on its own, in bytes.
const (
	minSentence = 40
	maxSentence = 400
)

// Sentences returns the n sentences of t that say best what it is about, in the order
// of the text: those rich in the topics' and the title's words, earlier ones first
// among equals. It returns fewer if the text has no more that read well on their own.
func Sentences(t Text, topics []string, n int) []string {
	all := split(t.Body)
	asked := map[string]float64{}
	for _, w := range words(t.Title, t.Language) {
		asked[w] = 1
	}
	for _, topic := range topics {
		for _, w := range words(topic, t.Language) {
			asked[w] = 2
		}
	}
	order := make([]int, len(all))
	score := make([]float64, len(all))
	for i, s := range all {
		order[i] = i
		ws := words(s, t.Language)
		seen := map[string]bool{}
		for _, w := range ws {
			if !seen[w] {
				score[i] += asked[w]
			}
			seen[w] = true
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
	all := split(t.Body)
	c.Matches = slices.Clone(c.Matches[:min(len(c.Matches), maxMatches)])
	for i, m := range c.Matches {
		if i >= maxDetailed {
			c.Matches[i].Words = nil
			continue
		}
		most := 0
		for _, s := range all {
			has := words(s, t.Language)
			n := 0
			for _, w := range m.Words {
				if slices.Contains(has, w.Stem) {
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

// split returns the sentences of a text that read well on their own, each once, by
// Unicode's sentence boundaries (UAX #29). A line break ends a sentence too.
func split(text string) []string {
	var out []string
	for line := range strings.Lines(text) {
		for state := -1; len(line) > 0; {
			var s string
			s, line, state = uniseg.FirstSentenceInString(line, state)
			s = strings.Join(strings.Fields(s), " ")
			if len(s) >= minSentence && len(s) <= maxSentence && !slices.Contains(out, s) {
				out = append(out, s)
			}
		}
	}
	return out
}
