package app

import (
	"context"

	"go.uber.org/zap"

	"switchyard/internal/api"
	"switchyard/internal/command"
	"switchyard/internal/queue"
	"switchyard/internal/requests"
	"switchyard/internal/tasks/webhooks"
	"switchyard/internal/tokens"
)

// newAPI returns the HTTP API.
func (s *System) newAPI(waiter *queue.Waiter) *api.Handler {
	return api.NewHandler(api.Options{
		Version: command.ThisVersion().Release, Queue: s.Queue, Ticks: s.Ticks, Catalog: s.Catalog, Routing: s.Routing, ByHand: s,
		Brake: s.Operator(), Events: s.Events, Journals: s.Journals, Schedule: s.Schedule, Sources: s.Sources, Users: s.Users, Usage: s.Usage, Audit: s.Audit, Briefings: s.Briefings, Tokens: s.Tokens, Batches: s.Batches, Series: s.Series, Roster: s.Roster, Requests: requests.NewStore(s.Redis, s.Config.Redis.Prefix), Waiter: waiter,
		Hooks:      webhooks.Offer{Targets: s.hookTargets(), Signed: s.Config.Webhooks.Secret != ""},
		MaxPayload: s.Config.Tasks.MaxPayload, Log: s.Log,
	})
}

// callers are those who have a token.
type callers struct{ tokens *tokens.Store }

// Caller implements [monitor.Tokens].
func (c callers) Caller(ctx context.Context, text string) (*api.Caller, error) {
	t, err := c.tokens.Verify(ctx, text)
	if err != nil {
		return nil, err
	}
	return &api.Caller{ID: "token:" + t.ID, Name: t.Name, User: t.User, Tasks: t.Tasks, Token: &t, May: t.Allows}, nil
}

// countTokens keeps how often tokens are used, until ctx ends.
func (s *System) countTokens(ctx context.Context) {
	if err := s.Tokens.Run(ctx); err != nil {
		s.Log.Warn("the last uses of tokens are not counted", zap.Error(err))
	}
}
