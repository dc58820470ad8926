package agents

import (
	"cmp"
	"context"
	"fmt"
	"time"

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
// user's topics, and says why. It needs no model.
type Rank struct {
	Documents DocumentReader
	Now       func() time.Time
}

// Ranking is the result of a run of [Rank].
type Ranking struct {
	User string `json:"user"`
	// Considered is how many documents were compared, and Unmatched how many of them have
	// nothing to do with the topics.
	Considered int      `json:"considered"`
	Unmatched  int      `json:"unmatched"`
	Choices    []Choice `json:"choices"` // best first
	// Passed are the best of those that match and were not chosen: they are beyond the
	// limit, and these are their scores.
	Passed []Passed `json:"passed,omitempty"`
}

// maxPassed is how many documents are told that were not chosen.
const maxPassed = 5

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
	since := args.Since
	if since.IsZero() {
		since = r.Now().Add(-cmp.Or(definition.MaxAge, defaultMaxAge))
	}
	recent, err := r.Documents.Recent(ctx, since, maxConsidered)
	if err != nil {
		return nil, fmt.Errorf("rank for %s: %w", args.User, err)
	}
	ranking := choose(args.Topics, recent, cmp.Or(args.Limit, definition.Limit, defaultLimit))
	ranking.User = args.User
	return ranking, nil
}

// choose ranks documents, keeps the best, and tells of those that came next.
func choose(topics []string, recent []documents.Document, limit int) Ranking {
	texts := make([]rank.Text, len(recent))
	places := make(map[string]int, len(recent))
	for i, d := range recent {
		texts[i] = rank.Text{ID: d.ID, Title: d.Title, Body: d.Text, Language: d.Language}
		places[d.ID] = i
	}
	matching := rank.Rank(topics, texts)
	r := Ranking{Considered: len(recent), Unmatched: len(recent) - len(matching), Choices: []Choice{}}
	for i, c := range matching[:min(len(matching), limit+maxPassed)] {
		d := recent[places[c.ID]]
		if i >= limit {
			r.Passed = append(r.Passed, Passed{Document: c.ID, Title: d.Title, Score: c.Score, Why: c.Why()})
			continue
		}
		c = rank.Explain(c, texts[places[c.ID]])
		r.Choices = append(r.Choices, Choice{
			Document: c.ID, Title: d.Title, URL: d.URL,
			Score: c.Score, Why: c.Why(), Matches: c.Matches,
		})
	}
	return r
}
