// Package rank finds, without any model, which texts a reader with given topics would
// read first, and which of a text's sentences say what it is about. It is pure.
//
// A text is about a topic if enough of the topic's words stand together in it, in any of their
// forms. BM25 scores how much it is, and its age lowers that. Of the best ones a reader gets each
// story once, and no source more than its share, unless nothing else is left.
package rank

import (
	"cmp"
	"math"
	"slices"
	"time"
)

// Text is something to be ranked.
type Text struct {
	ID       string
	Title    string
	Body     string
	Language string // ISO 639-1, such as en; "" if unknown
	Source   string // who published it; of a source a reader gets a part
	Story    string // what other texts may tell too; "" if none does
	// Published is when it was published, the zero time if that is unknown, and Seen when it was
	// first seen, or last changed.
	Published, Seen time.Time
	// Analysis is that of title and body, if the caller has kept one; nil has it made.
	Analysis *Analysis
}

// since returns from when on the text was there for readers.
func (t Text) since() time.Time {
	if t.Published.IsZero() {
		return t.Seen
	}
	return t.Published
}

// Reader is whom texts are ranked for.
type Reader struct {
	Topics []string
	// Languages are those they read, as ISO 639-1 codes. With none they read all.
	Languages []string
	Now       time.Time
	// MaxAge is how long ago a text may have been published; 0 is for ever.
	MaxAge time.Duration
	// Limit is how many texts they get.
	Limit int
	// Zone is theirs, for the days in reasons; nil means UTC.
	Zone *time.Location
}

// Choice is a text that a reader gets.
type Choice struct {
	ID    string
	Score float64
	// Matches are the topics it was chosen for, the strongest first.
	Matches []Match
	// Why says in a few words why it was chosen.
	Why string
}

// Selection is what was chosen from many texts, and why others were not.
type Selection struct {
	Choices []Choice // best first
	Passed  []Choice // the best of those that match and were not chosen
	// Unmatched have nothing to do with the topics, Foreign are in languages the reader does not
	// read, Old were published too long ago, Repeated tell a story that was chosen.
	Unmatched, Foreign, Old, Repeated int
}

// halfLife is the age at which a text counts half as much as one that is new.
const halfLife = 3 * 24 * time.Hour

// Select chooses for a reader among texts. Equal ones keep the order given. Without topics every
// text is chosen, the newest first.
func Select(r Reader, texts []Text) Selection {
	var s Selection
	var left []Text
	length := 0
	for _, t := range texts {
		switch {
		case !r.reads(t.Language):
			s.Foreign++
		case r.MaxAge > 0 && r.Now.Sub(t.since()) > r.MaxAge:
			s.Old++
		default:
			if t.Analysis == nil {
				t.Analysis = Analyse(t.Title, t.Body, t.Language)
			}
			left = append(left, t)
			length += len(t.Analysis.words)
		}
	}
	matching := r.match(left, float64(max(length, 1))/float64(max(len(left), 1)))
	s.Unmatched = len(left) - len(matching)
	r.pick(&s, matching)
	return s
}

// reads reports whether the reader reads a language, which may be unknown.
func (r Reader) reads(language string) bool {
	return language == "" || len(r.Languages) == 0 || slices.ContainsFunc(r.Languages, func(l string) bool { return base(l) == base(language) })
}

// stops returns the languages whose stop words say nothing in the reader's topics.
func (r Reader) stops() []string {
	if len(r.Languages) == 0 {
		return []string{"en"}
	}
	var codes []string
	for _, l := range r.Languages {
		codes = append(codes, base(l))
	}
	return codes
}

// candidate is a text that matches.
type candidate struct {
	text   Text
	choice Choice
}

// match returns the texts that match a topic, best first.
func (r Reader) match(texts []Text, mean float64) []candidate {
	matchers := make([]*matcher, len(r.Topics))
	for i, topic := range r.Topics {
		matchers[i] = newMatcher(topic, r.stops(), texts, mean)
	}
	var found []candidate
	for i, t := range texts {
		c := candidate{t, Choice{ID: t.ID}}
		for _, m := range matchers {
			if match, ok := m.match(i); ok {
				c.choice.Matches = append(c.choice.Matches, match)
				c.choice.Score += match.Score
			}
		}
		if len(r.Topics) > 0 && len(c.choice.Matches) == 0 {
			continue
		}
		c.choice.weigh(r.Now.Sub(t.since()))
		found = append(found, c)
	}
	slices.SortStableFunc(found, func(x, y candidate) int { return cmp.Compare(y.choice.Score, x.choice.Score) })
	return found
}

// weigh puts the matches in order, and lowers the score of an old text. Without topics age alone
// decides.
func (c *Choice) weigh(age time.Duration) {
	slices.SortStableFunc(c.Matches, func(x, y Match) int { return cmp.Compare(y.Score, x.Score) })
	for i := range c.Matches {
		c.Matches[i].Share = c.Matches[i].Score / c.Score
	}
	if len(c.Matches) == 0 {
		c.Score = 1
	}
	c.Score *= math.Exp2(-float64(max(age, 0)) / float64(halfLife))
}
