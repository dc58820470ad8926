package rank

import (
	"cmp"
	"slices"
)

// maxWords bounds how many words of a text are read. Texts say before that what they are about.
const maxWords = 5000

// Analysis is a text as it is compared: the stems of its words, in order, by the rules of its own
// language. It depends on the text alone, so it may be kept and used for any reader. It is not
// changed, and safe for concurrent use.
type Analysis struct {
	language string
	words    []sign
	title    int     // how many of the words are the title's
	order    []int32 // the places of the words, those of a word together, to find it without reading all
}

// Analyse reads a text, its title first.
func Analyse(title, body, language string) *Analysis {
	a := &Analysis{language: base(language)}
	known := map[string]sign{} // a text repeats its words, and stemming costs most
	a.read(title, known)
	a.title = len(a.words)
	a.read(body, known)
	a.order = make([]int32, len(a.words))
	for i := range a.order {
		a.order[i] = int32(i)
	}
	slices.SortStableFunc(a.order, func(x, y int32) int { return cmp.Compare(a.words[x], a.words[y]) })
	return a
}

func (a *Analysis) read(text string, known map[string]sign) {
	if len(a.words) >= maxWords {
		return
	}
	for word := range tokens(text) {
		s, ok := known[word]
		if !ok {
			s = signOf(stem(word, a.language))
			known[word] = s
		}
		if a.words = append(a.words, s); len(a.words) == maxWords {
			return
		}
	}
}

// at is where a keyword stands in a text.
type at struct {
	word    int // its place in the text
	keyword int // its place among the keywords
}

// places returns where keywords stand in a text, in order.
func (a *Analysis) places(words []keyword) []at {
	var found []at
	for k := range words {
		first, _ := slices.BinarySearchFunc(a.order, words[k].sign, func(place int32, s sign) int { return cmp.Compare(a.words[place], s) })
		for _, place := range a.order[first:] {
			if a.words[place] != words[k].sign {
				break
			}
			found = append(found, at{int(place), k})
		}
	}
	slices.SortFunc(found, func(x, y at) int { return cmp.Or(cmp.Compare(x.word, y.word), cmp.Compare(x.keyword, y.keyword)) })
	return found
}

// passage is how many words apart the keywords of a topic may stand to be about one thing: two or
// three sentences.
const passage = 40

// quorum is how many of n keywords must stand together: all of two, three quarters of more. A text
// with one word of two is about something else: a heart rate is no interest rate. It is what search
// engines call minimum should match, with the usual 2<75%.
func quorum(n int) int {
	if n <= 2 {
		return n
	}
	return n * 3 / 4
}

// passages counts the separate passages in which enough of n keywords stand together.
func passages(found []at, n int) int {
	count, from := 0, 0
	for end := range found {
		for found[end].word-found[from].word >= passage {
			from++
		}
		var within uint64
		together := 0
		for _, f := range found[from : end+1] {
			if bit := uint64(1) << f.keyword; within&bit == 0 {
				within |= bit
				together++
			}
		}
		if together >= quorum(n) {
			count++
			from = end + 1
		}
	}
	return count
}
