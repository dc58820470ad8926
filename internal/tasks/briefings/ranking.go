package briefings

import (
	"context"
	"encoding/json"
	"fmt"
	"time"
)

// rankRequest is what an agent is asked: the arguments of an agent_* task.
type rankRequest struct {
	agent  string
	User   string    `json:"user"`
	Topics []string  `json:"topics,omitempty"`
	Since  time.Time `json:"since"`
	Limit  int       `json:"limit"`
}

// Kind implements [tasks.Args].
func (r rankRequest) Kind() string { return agentKind(r.agent) }

func agentKind(agent string) string { return "agent_" + agent }

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
	r, reason, err := h.answer(ctx, args)
	if err != nil {
		return r, "", err
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

// answer reads the ranking task's result. The reason says why there is none.
func (h *Handlers) answer(ctx context.Context, args WriteArgs) (r ranking, reason string, err error) {
	status, found, err := h.Results.StatusByKind(ctx, agentKind(h.Options.Agent), args.Ranking)
	switch {
	case err != nil:
		return r, "", fmt.Errorf("ranking for %s: %w", args.User, err)
	case !found:
		return r, "The ranking was not kept", nil
	case status.State == "archived":
		return r, "The ranking failed", nil
	case len(status.Result) == 0:
		return r, "The ranking did not finish in time", nil
	}
	// A result that is not a ranking leaves no choices.
	if _ = json.Unmarshal(status.Result, &r); r.Choices == nil {
		return r, "The ranking could not be read", nil
	}
	return r, "", nil
}
