// Package rank finds, without any model, which texts a person with given topics would
// read first, and which of a text's sentences say what it is about. It is pure.
package rank

import (
	"cmp"
	"math"
	"slices"
	"strings"
)

// Text is something to be ranked.
type Text struct {
	ID       string
	Title    string
	Body     string
	Language string // ISO 639-1; picks the stemmer
}

// Choice is a text that matches at least one topic.
type Choice struct {
	ID    string
	Score float64
	// Matches are the topics it was chosen for, the strongest first.
	Matches []Match
}

// Match is what one topic contributed to a choice.
type Match struct {
	Topic string  `json:"topic"`
	Score float64 `json:"score"`
	Count int     `json:"count"`    // occurrences of the topic's words
	Title bool    `json:"in_title"` // whether one stands in the title
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

// Rank scores texts against topics with BM25 and returns those that match, best first;
// equal scores keep the order given. Without topics every text is chosen, in that order.
func Rank(topics []string, texts []Text) []Choice {
	if len(topics) == 0 {
		choices := make([]Choice, len(texts))
		for i, t := range texts {
			choices[i] = Choice{ID: t.ID}
		}
		return choices
	}
	index := newIndex(texts)
	var choices []Choice
	for i, t := range texts {
		c := Choice{ID: t.ID}
		for _, topic := range topics {
			if m := index.match(i, topic); m.Score > 0 {
				c.Matches = append(c.Matches, m)
				c.Score += m.Score
			}
		}
		if len(c.Matches) > 0 {
			slices.SortStableFunc(c.Matches, func(x, y Match) int { return cmp.Compare(y.Score, x.Score) })
			for i := range c.Matches {
				c.Matches[i].Share = c.Matches[i].Score / c.Score
			}
			choices = append(choices, c)
		}
	}
	slices.SortStableFunc(choices, func(x, y Choice) int { return cmp.Compare(y.Score, x.Score) })
	return choices
}

// index holds the word counts BM25 needs.
type index struct {
	texts  []indexed
	within map[string]map[string]int // language -> word -> texts it stands in
	mean   float64                   // mean length, in words
}

type indexed struct {
	language string
	counts   map[string]float64
	title    map[string]bool
	length   float64
}

func newIndex(texts []Text) *index {
	ix := &index{within: map[string]map[string]int{}}
	for _, t := range texts {
		d := indexed{language: t.Language, counts: map[string]float64{}, title: map[string]bool{}}
		for _, w := range words(t.Title, t.Language) {
			d.counts[w] += titleWeight
			d.title[w] = true
			d.length++
		}
		for _, w := range words(t.Body, t.Language) {
			d.counts[w]++
			d.length++
		}
		seen := ix.within[t.Language]
		if seen == nil {
			seen = map[string]int{}
			ix.within[t.Language] = seen
		}
		for w := range d.counts {
			seen[w]++
		}
		ix.mean += d.length / float64(len(texts))
		ix.texts = append(ix.texts, d)
	}
	return ix
}

// match scores one topic, all of its words together, against text i.
func (ix *index) match(i int, topic string) Match {
	d := ix.texts[i]
	m := Match{Topic: topic}
	for _, w := range words(topic, d.language) {
		f := d.counts[w]
		if f == 0 {
			continue
		}
		texts := ix.within[d.language][w]
		n := float64(texts)
		idf := math.Log(1 + (float64(len(ix.texts))-n+0.5)/(n+0.5))
		m.Score += idf * f * (k1 + 1) / (f + k1*(1-b+b*d.length/ix.mean))
		m.Title = m.Title || d.title[w]
		count := int(f)
		if d.title[w] {
			count -= titleWeight - 1
		}
		m.Count += count
		m.Words = append(m.Words, Word{Stem: w, Count: count, Texts: texts})
	}
	return m
}

// Why says in a few words why a text was chosen.
func (c Choice) Why() string {
	if len(c.Matches) == 0 {
		return "new, and no topics to compare it with"
	}
	parts := make([]string, len(c.Matches))
	for i, m := range c.Matches {
		parts[i] = m.why()
	}
	return strings.Join(parts, "; ")
}
