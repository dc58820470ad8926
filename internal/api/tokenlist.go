package api

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"switchyard/internal/tokens"
)

// Token is what is known of a token, except for its secret.
type Token struct {
	ID      string       `json:"id"`
	Name    string       `json:"name"`
	State   tokens.State `json:"state" enum:"active,expired,revoked,unreadable"`
	Scopes  []string     `json:"scopes"`
	User    string       `json:"user,omitempty" doc:"The only user for whom it is used."`
	Tasks   []string     `json:"tasks,omitempty" doc:"The IDs of the only tasks that it may see."`
	Parent  string       `json:"parent,omitempty" doc:"Of a child token: the token that it was made with."`
	By      string       `json:"by,omitempty" doc:"Who made it."`
	Created time.Time    `json:"created"`
	Expires time.Time    `json:"expires,omitzero" doc:"When it ends; it does not if there is none."`
	Revoked time.Time    `json:"revoked,omitzero" doc:"When it was revoked."`
	Uses    int64        `json:"uses" doc:"About how often it was used."`
	LastUse time.Time    `json:"last_use,omitzero"`
}

func tokenOf(t tokens.Token) Token {
	return Token{
		ID: t.ID, Name: t.Name, State: t.State, Scopes: scopesOf(t), User: t.User, Tasks: t.Tasks, Parent: t.Parent, By: t.By,
		Created: t.Created, Expires: t.Expires, Revoked: t.Revoked, Uses: t.Uses, LastUse: t.LastUse,
	}
}

// scopesOf returns the scopes of a token as texts.
func scopesOf(t tokens.Token) []string {
	texts := make([]string, len(t.Scopes))
	for i, scope := range t.Scopes {
		texts[i] = scope.String()
	}
	return texts
}

type listTokensInput struct {
	Children bool   `query:"children" doc:"Child tokens, too."`
	Limit    int    `query:"limit" minimum:"1" maximum:"1000" default:"200"`
	Cursor   string `query:"cursor" maxLength:"40" doc:"What the page before says comes next."`
}

// TokenPage is some of the tokens.
type TokenPage struct {
	Items []Token `json:"items" doc:"The newest first. Those that have ended are among them for 30 days."`
	Next  string  `json:"next,omitempty" doc:"The cursor of the next page."`
}

type tokensOutput struct {
	Link string `header:"Link"`
	Body TokenPage
}

// TokenID names a token in an address, see [Named].
type TokenID struct {
	ID string `path:"id" maxLength:"100"`
}

func (s *server) registerTokenList(api huma.API) {
	register(api, huma.Operation{
		OperationID: "list-tokens", Method: http.MethodGet, Path: "/v1/tokens", Summary: "List tokens, without their secrets", Tags: []string{"tokens"},
	}, s.listTokens)
	register(api, huma.Operation{
		OperationID: "revoke-token", Method: http.MethodDelete, Path: "/v1/tokens/{id}", Summary: "End a token at once, with its child tokens", Tags: []string{"tokens"},
		DefaultStatus: http.StatusNoContent, Errors: []int{http.StatusNotFound},
	}, s.revokeToken)
}

func (s *server) listTokens(ctx context.Context, in *listTokensInput) (*tokensOutput, error) {
	caller := CallerOf(ctx)
	if err := caller.need(tokens.TokensRead, ""); err != nil {
		return nil, err
	}
	after, err := readPlace(in.Cursor)
	if err != nil {
		return nil, invalidParameter("cursor", err)
	}
	all, err := s.Tokens.List(ctx)
	if err != nil {
		return nil, err
	}
	out := &tokensOutput{Body: TokenPage{Items: []Token{}}}
	for _, t := range all {
		if caller.User != "" && t.User != caller.User || t.Parent != "" && !in.Children || !after.precedes(t) {
			continue
		}
		if len(out.Body.Items) == in.Limit {
			last := out.Body.Items[in.Limit-1]
			out.Body.Next = fmt.Sprintf("%d.%s", last.Created.UnixMilli(), last.ID)
			out.Link = nextPage("/v1/tokens", in.Limit, out.Body.Next, map[string]string{"children": strconv.FormatBool(in.Children)})
			break
		}
		out.Body.Items = append(out.Body.Items, tokenOf(t))
	}
	return out, nil
}

func (s *server) revokeToken(ctx context.Context, in *TokenID) (*struct{}, error) {
	caller := CallerOf(ctx)
	if err := caller.need(tokens.TokensWrite, ""); err != nil {
		return nil, err
	}
	t, found, err := s.Tokens.Get(ctx, in.ID)
	if err != nil {
		return nil, err
	}
	if !found || caller.User != "" && t.User != caller.User {
		return nil, noSuch("token", fmt.Sprintf("%.12s", in.ID)) // somebody may have given all of it
	}
	_, err = s.ByHand.RevokeToken(ctx, t.ID, caller.actor())
	return nil, err
}

// place is where a page of tokens ends.
type place struct {
	created int64 // in ms
	id      string
}

// readPlace reads a cursor; "" is before all tokens.
func readPlace(cursor string) (place, error) {
	var p place
	if cursor == "" {
		return p, nil
	}
	if n, err := fmt.Sscanf(cursor, "%d.%s", &p.created, &p.id); n != 2 || err != nil {
		return p, errors.New("the cursor is none: give what the page before says comes next, or none for the first page")
	}
	return p, nil
}

// precedes reports whether a token comes after the place.
func (p place) precedes(t tokens.Token) bool {
	created := t.Created.UnixMilli()
	return p.id == "" || created < p.created || created == p.created && t.ID > p.id
}
