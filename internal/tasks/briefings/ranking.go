package briefings

import (
	"context"
	"fmt"
	"time"
)

// rankRequest is what an agent is asked: the arguments of an agent_* task.
type rankRequest struct {
	agent     string
	User      string    `json:"user"`
	Topics    []string  `json:"topics,omitempty"`
	Languages []string  `json:"languages,omitempty"`
	Zone      string    `json:"zone,omitempty"`
	Since     time.Time `json:"since"`
	Limit     int       `json:"limit"`
}

// Kind implements [tasks.Args].
func (r rankRequest) Kind() string { return agentKind(r.agent) }

// ranking is what an agent answers: the part of its result that a briefing needs.
type ranking struct {
	Choices []choice  `json:"choices"`
	Made    time.Time `json:"made"` // set here, when a good one is remembered
}

type choice struct {
	Document string `json:"document"`
	Why      string `json:"why"`
}

// ranking returns the choices for a briefing, and a note if they are not what was asked
// for: the last good ranking, or else the newest documents as they came.
func (h *Handlers) ranking(ctx context.Context, args WriteArgs) (ranking, string, error) {
	var r ranking
	reason, err := h.answer(ctx, h.Options.Agent, args.Ranking, "ranking", &r)
	if err != nil {
		return r, "", err
	}
	if reason == "" && r.Choices == nil { // a result that is none
		reason = "The ranking could not be read"
	}
	if reason == "" {
		r.Made = h.Now()
		return r, "", h.Store.rememberRanking(ctx, args.User, r)
	}
	r, found, err := h.Store.lastRanking(ctx, args.User)
	if err != nil {
		return r, "", err
	}
	if found {
		return r, fmt.Sprintf("%s, so this is the last good ranking, of %s.", reason, r.Made.UTC().Format("2 January 2006 15:04 MST")), nil
	}
	recent, err := h.Documents.Recent(ctx, args.Since, h.Options.Items)
	if err != nil {
		return r, "", fmt.Errorf("newest documents for %s: %w", args.User, err)
	}
	for _, d := range recent {
		r.Choices = append(r.Choices, choice{Document: d.ID, Why: "among the newest"})
	}
	return r, reason + ", so these are the newest documents, unranked.", nil
}
