package rank

import (
	"cmp"
	"math"
	"slices"
	"strings"
	"unicode"
)

// Match is what one topic contributed to a choice.
type Match struct {
	Topic string  `json:"topic"`
	Score float64 `json:"score"`
	// Passages is how many separate passages are about the topic, the title not counted.
	Passages int  `json:"passages"`
	Title    bool `json:"in_title"` // whether the title is
	// Share is the topic's part of the choice's score, from 0 to 1.
	Share float64 `json:"share"`
	// Words are the topic's words that stand in the text.
	Words []Word `json:"words,omitempty"`
	// Quote is the text's sentence that says most of the topic, if [Explain] was asked.
	Quote string `json:"quote,omitempty"`
}

// Word is what one word contributed to a match. The rarer it is, the more it counts.
type Word struct {
	Stem  string `json:"stem"`
	Count int    `json:"count"` // occurrences in the text
	Texts int    `json:"texts"` // of those compared in which it stands
}

// Parameters of BM25, the usual ones: Robertson and Zaragoza, "The Probabilistic
// Relevance Framework: BM25 and Beyond", 2009. A word in the title counts as three.
const (
	k1          = 1.2
	b           = 0.75
	titleWeight = 3
)

// maxKeywords bounds the words of a topic that are compared.
const maxKeywords = 32

// matcher compares one topic with texts.
type matcher struct {
	topic string
	texts []Text
	mean  float64 // length of the texts, in words
	stops []string
	words map[string][]keyword // by the language of the texts
	found [][]at               // of each text
	in    map[sign]int         // texts in which a keyword stands
}

func newMatcher(topic string, stops []string, texts []Text, mean float64) *matcher {
	m := &matcher{topic: topic, texts: texts, mean: mean, stops: stops, words: map[string][]keyword{}, found: make([][]at, len(texts)), in: map[sign]int{}}
	for i, t := range texts {
		words := m.keywordsOf(t.Analysis.language)
		m.found[i] = t.Analysis.places(words)
		seen := map[int]bool{}
		for _, f := range m.found[i] {
			if !seen[f.keyword] {
				seen[f.keyword] = true
				m.in[words[f.keyword].sign]++
			}
		}
	}
	return m
}

func (m *matcher) keywordsOf(language string) []keyword {
	words, ok := m.words[language]
	if !ok {
		words = keywords(m.topic, language, m.stops)
		words = words[:min(len(words), maxKeywords)]
		m.words[language] = words
	}
	return words
}

// match returns what the topic has to do with text i, and whether it has at all.
func (m *matcher) match(i int) (Match, bool) {
	t := m.texts[i]
	words := m.keywordsOf(t.Analysis.language)
	if len(words) == 0 {
		return m.literal(t)
	}
	found := m.found[i]
	if passages(found, len(words)) == 0 {
		return Match{}, false
	}
	inBody, _ := slices.BinarySearchFunc(found, t.Analysis.title, func(f at, end int) int { return cmp.Compare(f.word, end) })
	match := Match{Topic: m.topic, Title: passages(found[:inBody], len(words)) > 0, Passages: passages(found[inBody:], len(words))}
	for k, w := range words {
		count, weight := 0, 0.0
		for _, f := range found {
			if f.keyword != k {
				continue
			}
			count++
			if weight++; f.word < t.Analysis.title {
				weight += titleWeight - 1
			}
		}
		if count > 0 {
			match.Score += m.bm25(weight, m.in[w.sign], len(t.Analysis.words))
			match.Words = append(match.Words, Word{Stem: w.stem, Count: count, Texts: m.in[w.sign]})
		}
	}
	return match, true
}

// bm25 is the score of a word that stands so often in a text of that length, and in so many texts.
func (m *matcher) bm25(frequency float64, in, length int) float64 {
	n := float64(in)
	idf := math.Log(1 + (float64(len(m.texts))-n+0.5)/(n+0.5))
	return idf * frequency * (k1 + 1) / (frequency + k1*(1-b+b*float64(length)/m.mean))
}

// literal compares a topic that has stop words alone, such as "The Who" or "IT", with a title, letter
// by letter: only a name is written like that. In running text it would be found everywhere.
func (m *matcher) literal(t Text) (Match, bool) {
	if !strings.ContainsFunc(m.topic, unicode.IsUpper) || !containsWords(t.Title, strings.TrimSpace(m.topic)) {
		return Match{}, false
	}
	return Match{Topic: m.topic, Title: true, Score: titleWeight}, true
}

// containsWords reports whether text has these words, and not as a part of longer ones.
func containsWords(text, words string) bool {
	for from := 0; ; {
		i := strings.Index(text[from:], words)
		if i < 0 {
			return false
		}
		start, end := from+i, from+i+len(words)
		if !letterOrDigit(lastRune(text[:start])) && !letterOrDigit(firstRune(text[end:])) {
			return true
		}
		from = end
	}
}

func lastRune(s string) (last rune) {
	for _, r := range s[max(0, len(s)-4):] {
		last = r
	}
	return last
}
