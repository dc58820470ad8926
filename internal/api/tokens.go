package api

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"switchyard/internal/audit"
	"switchyard/internal/tokens"
)

type makeTokenInput struct {
	Body struct {
		Name    string   `json:"name,omitempty" maxLength:"100" doc:"What it is for. With a token: the name of that one if left out."`
		Scopes  []string `json:"scopes" minItems:"1" maxItems:"50" doc:"Some of those that you have, such as tasks:read."`
		User    string   `json:"user,omitempty" maxLength:"200" doc:"The user for whom alone it is used."`
		Tasks   []string `json:"tasks,omitempty" maxItems:"100" doc:"The IDs of the only tasks that it may see."`
		Expires Duration `json:"expires_in,omitempty" doc:"After how long it ends, such as 15m. With a token it is needed, and 24h at most. Without one the new token does not end if it is left out."`
	}
}

// Child is a token that was just made.
type Child struct {
	// Token is its text, which nobody learns again.
	Token   string    `json:"token" doc:"What to send as Authorization: Bearer. It is told once."`
	ID      string    `json:"id"`
	Name    string    `json:"name"`
	Scopes  []string  `json:"scopes"`
	User    string    `json:"user,omitempty"`
	Tasks   []string  `json:"tasks,omitempty"`
	Expires time.Time `json:"expires,omitzero" doc:"When it ends; it does not if there is none."`
}

func (s *server) registerTokens(api huma.API) {
	register(api, huma.Operation{
		OperationID: "make-token", Method: http.MethodPost, Path: "/v1/tokens", Summary: "Make a token that may do no more than you. With a token it is a short-lived child of that, such as one for a browser",
		Tags: []string{"tokens"}, DefaultStatus: http.StatusCreated, Errors: []int{http.StatusNotFound},
	}, s.makeToken)
}

func (s *server) makeToken(ctx context.Context, in *makeTokenInput) (*body[Child], error) {
	caller := CallerOf(ctx)
	n := tokens.New{Name: in.Body.Name, User: in.Body.User, Tasks: in.Body.Tasks, Expires: time.Duration(in.Body.Expires), By: caller.actor().String()}
	for i, text := range in.Body.Scopes {
		scope, err := tokens.ParseScope(text)
		if err != nil {
			return nil, invalid(fmt.Sprintf("/scopes/%d", i), err)
		}
		n.Scopes = append(n.Scopes, scope)
	}
	text, t, err := s.newToken(ctx, caller, n)
	var field *tokens.FieldError
	switch {
	case errors.As(err, &field):
		return nil, invalid("/"+strings.Replace(field.Field, "expires", "expires_in", 1), err)
	case errors.Is(err, tokens.ErrExceeds), errors.Is(err, tokens.ErrFull), errors.Is(err, tokens.ErrRefused):
		return nil, problem("forbidden", err.Error())
	case err != nil:
		return nil, err
	}
	return &body[Child]{Child{Token: text, ID: t.ID, Name: t.Name, Scopes: scopesOf(t), User: t.User, Tasks: t.Tasks, Expires: t.Expires}}, nil
}

// newToken makes a token that may do no more than its caller. Whoever has a token makes children of it.
func (s *server) newToken(ctx context.Context, caller *Caller, n tokens.New) (string, tokens.Token, error) {
	if caller.Token != nil {
		text, t, err := s.Tokens.Child(ctx, *caller.Token, n)
		if err == nil {
			err = s.Audit.Write(ctx, audit.Record{Actor: caller.actor(), Did: "make token", User: t.User, Detail: fmt.Sprintf("%s, a child of %s: %v", t.ID, caller.Token.ID, t.Scopes)})
		}
		return text, t, err
	}
	if err := caller.need(tokens.TokensWrite, ""); err != nil {
		return "", tokens.Token{}, err
	}
	if n.User == "" {
		n.User = caller.User
	}
	if caller.User != "" && n.User != caller.User {
		return "", tokens.Token{}, noSuch("user", n.User)
	}
	for _, scope := range n.Scopes {
		if err := caller.need(scope.Action, scope.Pattern); err != nil {
			return "", tokens.Token{}, err
		}
	}
	return s.ByHand.MakeToken(ctx, n, caller.actor())
}
