package agents

import (
	"cmp"
	"context"
	"fmt"
	"time"

	"switchyard/internal/corpus"
	"switchyard/internal/documents"
	"switchyard/internal/rank"
)

// What a definition that says nothing gets.
const (
	defaultLimit  = 10
	defaultMaxAge = 7 * 24 * time.Hour
)

// maxConsidered bounds how many documents one run reads.
const maxConsidered = 1000

// DocumentReader gives the documents stored since a time, newest first.
type DocumentReader interface {
	Recent(ctx context.Context, since time.Time, limit int) ([]documents.Document, error)
}

// Rank is the runtime "rank": it chooses among recent documents those that match a
// user's topics, and says why. It needs no model. It is safe for concurrent use.
type Rank struct {
	Documents DocumentReader
	Corpus    *corpus.Corpus
	Now       func() time.Time
}

// Ranking is the result of a run of [Rank].
type Ranking struct {
	User string `json:"user"`
	// Considered is how many documents were compared, and Unmatched how many of them have
	// nothing to do with the topics.
	Considered int `json:"considered"`
	Unmatched  int `json:"unmatched"`
	// Foreign are in languages that the user does not read, Old were published too long ago, and
	// Repeated tell a story that was chosen already.
	Foreign  int      `json:"foreign,omitempty"`
	Old      int      `json:"old,omitempty"`
	Repeated int      `json:"repeated,omitempty"`
	Choices  []Choice `json:"choices"` // best first
	// Passed are the best of those that match and were not chosen, with their scores.
	Passed []Passed `json:"passed,omitempty"`
}

// Passed is a document that matches and was not chosen.
type Passed struct {
	Document string  `json:"document"`
	Title    string  `json:"title"`
	Score    float64 `json:"score"`
	Why      string  `json:"why"`
}

// Choice is one chosen document.
type Choice struct {
	Document string       `json:"document"`
	Title    string       `json:"title"`
	URL      string       `json:"url"`
	Score    float64      `json:"score"`
	Why      string       `json:"why"`
	Matches  []rank.Match `json:"matches,omitempty"`
}

// Run implements [Runtime].
func (r *Rank) Run(ctx context.Context, run Run) (any, error) {
	definition, args := run.Definition, run.Args
	now, maxAge := r.Now(), cmp.Or(definition.MaxAge, defaultMaxAge)
	since := args.Since
	if since.IsZero() {
		since = now.Add(-maxAge)
	}
	recent, err := r.Documents.Recent(ctx, since, maxConsidered)
	if err != nil {
		return nil, fmt.Errorf("rank for %s: %w", args.User, err)
	}
	ranking := choose(r.Corpus, rank.Reader{
		Topics: args.Topics, Languages: args.Languages, Zone: args.zone(), Now: now,
		MaxAge: max(maxAge, now.Sub(since)), Limit: cmp.Or(args.Limit, definition.Limit, defaultLimit),
	}, recent)
	ranking.User = args.User
	return ranking, nil
}

// choose ranks documents, keeps the best, and tells of those that came next.
func choose(c *corpus.Corpus, reader rank.Reader, recent []documents.Document) Ranking {
	texts := c.Texts(recent)
	places := make(map[string]int, len(recent))
	for i, d := range recent {
		places[d.ID] = i
	}
	s := rank.Select(reader, texts)
	ranking := Ranking{
		Considered: len(recent), Unmatched: s.Unmatched, Foreign: s.Foreign, Old: s.Old, Repeated: s.Repeated, Choices: []Choice{},
	}
	for _, c := range s.Choices {
		d := recent[places[c.ID]]
		c = rank.Explain(c, texts[places[c.ID]])
		ranking.Choices = append(ranking.Choices, Choice{Document: c.ID, Title: d.Title, URL: d.URL, Score: c.Score, Why: c.Why, Matches: c.Matches})
	}
	for _, c := range s.Passed {
		ranking.Passed = append(ranking.Passed, Passed{Document: c.ID, Title: recent[places[c.ID]].Title, Score: c.Score, Why: c.Why})
	}
	return ranking
}
