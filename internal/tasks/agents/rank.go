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
	// Considered is how many documents were compared.
	Considered int      `json:"considered"`
	Choices    []Choice `json:"choices"` // best first
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
	limit := cmp.Or(args.Limit, definition.Limit, defaultLimit)
	return Ranking{User: args.User, Considered: len(recent), Choices: choose(args.Topics, recent, limit)}, nil
}

// choose ranks documents and keeps the best.
func choose(topics []string, recent []documents.Document, limit int) []Choice {
	texts := make([]rank.Text, len(recent))
	byID := make(map[string]documents.Document, len(recent))
	for i, d := range recent {
		texts[i] = rank.Text{ID: d.ID, Title: d.Title, Body: d.Text, Language: d.Language}
		byID[d.ID] = d
	}
	choices := []Choice{}
	for _, c := range rank.Rank(topics, texts) {
		if len(choices) == limit {
			break
		}
		d := byID[c.ID]
		choices = append(choices, Choice{
			Document: c.ID, Title: d.Title, URL: d.URL,
			Score: c.Score, Why: c.Why(), Matches: c.Matches,
		})
	}
	return choices
}
