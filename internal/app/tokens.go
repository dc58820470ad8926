package app

import (
	"context"
	"fmt"

	"switchyard/internal/audit"
	"switchyard/internal/tokens"
)

// MakeToken makes a token for the HTTP API, for a person, and returns its text. There is a text
// also with an error that says that the audit log lacks it.
func (s *System) MakeToken(ctx context.Context, n tokens.New, by audit.Actor) (string, tokens.Token, error) {
	n.By = by.String()
	text, t, err := s.Tokens.Make(ctx, n)
	if err != nil {
		return "", tokens.Token{}, err
	}
	return text, t, s.noteToken(ctx, "make token", t, by)
}

// RevokeToken ends a token and its children, for a person. It reports whether it was not revoked
// before.
func (s *System) RevokeToken(ctx context.Context, id string, by audit.Actor) (bool, error) {
	t, _, err := s.Tokens.Get(ctx, id)
	if err != nil {
		return false, err
	}
	changed, err := s.Tokens.Revoke(ctx, id)
	if err != nil || !changed {
		return changed, err
	}
	return true, s.noteToken(ctx, "revoke token", t, by)
}

func (s *System) noteToken(ctx context.Context, did string, t tokens.Token, by audit.Actor) error {
	return s.Audit.Write(ctx, audit.Record{Actor: by, Did: did, User: t.User, Detail: fmt.Sprintf("%s, %q: %v", t.ID, t.Name, t.Scopes)})
}
