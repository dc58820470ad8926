package briefings

import (
	"context"
	"fmt"
	"time"

	"switchyard/internal/rank"
	"switchyard/internal/users"
)

// Bounds of a ranking that is made here, as an agent of the runtime "rank" has them.
const (
	maxRankedHere = 1000
	maxAgeHere    = 7 * 24 * time.Hour
)

// rankHere chooses at most so much of what is new without the agent, which has failed or is late.
func (h *Handlers) rankHere(ctx context.Context, user users.User, since time.Time, most int) (ranking, error) {
	recent, err := h.Documents.Recent(ctx, since, maxRankedHere)
	if err != nil {
		return ranking{}, fmt.Errorf("rank for %s: %w", user.ID, err)
	}
	s := rank.Select(rank.Reader{
		Topics: user.Topics, Languages: user.Languages, Zone: in(h.Now(), user.Zone).Location(), Now: h.Now(),
		MaxAge: max(maxAgeHere, h.Now().Sub(since)), Limit: most,
	}, h.Corpus.Texts(recent))
	r := ranking{Considered: len(recent), Unmatched: s.Unmatched, Foreign: s.Foreign, Old: s.Old, Repeated: s.Repeated, Choices: []choice{}}
	for _, c := range s.Choices {
		r.Choices = append(r.Choices, choice{Document: c.ID, Why: c.Why})
	}
	return r, nil
}
