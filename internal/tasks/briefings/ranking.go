package briefings

import (
	"context"
	"time"

	"switchyard/internal/users"
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
	Choices []choice `json:"choices"`
	// What became of the documents compared. A language model counts none.
	Considered int       `json:"considered"`
	Unmatched  int       `json:"unmatched"`
	Foreign    int       `json:"foreign"`
	Old        int       `json:"old"`
	Repeated   int       `json:"repeated"`
	Made       time.Time `json:"made"` // set here, when a good one is remembered
}

type choice struct {
	Document string `json:"document"`
	Why      string `json:"why"`
}

// ranking returns the choices for a briefing, and a note if they are not what was asked for: ranked
// here, or if that brings nothing the last good ranking.
func (h *Handlers) ranking(ctx context.Context, user users.User, args WriteArgs, most int) (ranking, string, error) {
	var r ranking
	reason, err := h.answer(ctx, h.Options.Agent, args.Ranking, "ranking", args.Until, &r)
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
	here, err := h.rankHere(ctx, user, args.Since, most)
	if err != nil {
		return here, "", err
	}
	if len(here.Choices) > 0 {
		return here, reason + ", so these were chosen by your topics alone.", nil
	}
	r, found, err := h.Store.lastRanking(ctx, args.User)
	if err != nil {
		return r, "", err
	}
	if found && len(r.Choices) > 0 {
		r = ranking{Choices: r.Choices, Made: r.Made} // what it counted is no news
		return r, reason + ", so this is the last good ranking, of " + moment(r.Made, user.Zone) + ".", nil
	}
	return here, reason + ", and nothing new fits your topics.", nil
}
