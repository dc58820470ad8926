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

type childInput struct {
	Body struct {
		Name    string   `json:"name,omitempty" maxLength:"100" doc:"What it is for. The name of your token if left out."`
		Scopes  []string `json:"scopes" minItems:"1" maxItems:"50" doc:"Some of those that your token has, such as tasks:read."`
		User    string   `json:"user,omitempty" maxLength:"200" doc:"The user for whom alone it is used."`
		Tasks   []string `json:"tasks,omitempty" maxItems:"100" doc:"The IDs of the only tasks that it may see."`
		Expires Duration `json:"expires_in" doc:"After how long it ends, such as 15m; at most 24h."`
	}
}

// Child is a token that was made with another one.
type Child struct {
	// Token is its text, which nobody learns again.
	Token   string    `json:"token" doc:"What to send as Authorization: Bearer. It is told once."`
	ID      string    `json:"id"`
	Scopes  []string  `json:"scopes"`
	User    string    `json:"user,omitempty"`
	Tasks   []string  `json:"tasks,omitempty"`
	Expires time.Time `json:"expires"`
}

func (s *server) registerTokens(api huma.API) {
	register(api, huma.Operation{
		OperationID: "make-token", Method: http.MethodPost, Path: "/v1/tokens", Summary: "Make a short-lived token that may do less than yours, such as one for a browser",
		Tags: []string{"tokens"}, DefaultStatus: http.StatusCreated,
	}, s.makeChild)
}

func (s *server) makeChild(ctx context.Context, in *childInput) (*body[Child], error) {
	caller := callerOf(ctx)
	if caller.Token == nil {
		return nil, problem("forbidden", "a token is made with another one: send yours as Authorization: Bearer, or use switchyard token make")
	}
	n := tokens.New{Name: in.Body.Name, User: in.Body.User, Tasks: in.Body.Tasks, Expires: time.Duration(in.Body.Expires), By: caller.actor().String()}
	for i, text := range in.Body.Scopes {
		scope, err := tokens.ParseScope(text)
		if err != nil {
			return nil, invalid(fmt.Sprintf("/scopes/%d", i), err)
		}
		n.Scopes = append(n.Scopes, scope)
	}
	text, t, err := s.Tokens.Child(ctx, *caller.Token, n)
	var field *tokens.FieldError
	switch {
	case errors.As(err, &field):
		return nil, invalid("/"+strings.Replace(field.Field, "expires", "expires_in", 1), err)
	case errors.Is(err, tokens.ErrExceeds), errors.Is(err, tokens.ErrFull), errors.Is(err, tokens.ErrRefused):
		return nil, problem("forbidden", err.Error())
	case err != nil:
		return nil, err
	}
	out := &body[Child]{Child{Token: text, ID: t.ID, User: t.User, Tasks: t.Tasks, Expires: t.Expires}}
	for _, scope := range t.Scopes {
		out.Body.Scopes = append(out.Body.Scopes, scope.String())
	}
	return out, s.Brake.Audit.Write(ctx, audit.Record{Actor: caller.actor(), Did: "make token", User: t.User, Detail: fmt.Sprintf("%s, a child of %s: %v", t.ID, caller.Token.ID, t.Scopes)})
}
