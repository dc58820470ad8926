package console

import (
	"net/http"
	"net/url"
	"strings"

	"switchyard/internal/api"
	"switchyard/internal/tokens"
)

type tokensPage struct {
	Items       []api.Token
	Actions     []tokens.Action
	First, Next string
	Made        *api.Child // what was just made: its text is told once
}

// tokensOnPage is how many tokens a page has.
const tokensOnPage = "100"

func (c *Console) listTokens(r *request) error { return c.showTokens(r, nil) }

func (c *Console) showTokens(r *request, made *api.Child) error {
	var list api.TokenPage
	if err := c.ask(r.Context(), part(r, "/v1/tokens", tokensOnPage, url.Values{}), &list); err != nil {
		return err
	}
	data := tokensPage{Items: list.Items, Actions: tokens.Actions, Made: made}
	data.First, data.Next = leaf(r, url.Values{}, list.Next)
	return c.show(r, http.StatusOK, "tokens", view{Title: "Tokens", Here: "/tokens/", Data: data})
}

// makeToken makes a token and shows its text, on this one answer alone.
func (c *Console) makeToken(r *request) error {
	f := r.PostForm
	scopes := append([]string{}, f["scope"]...)
	scopes = append(scopes, strings.Fields(f.Get("scopes"))...)
	body := map[string]any{"name": f.Get("name"), "scopes": scopes}
	for _, name := range []string{"user", "expires_in"} {
		if value := strings.TrimSpace(f.Get(name)); value != "" {
			body[name] = value
		}
	}
	var made api.Child
	if err := c.ask(r.Context(), question{method: http.MethodPost, path: "/v1/tokens", body: body}, &made); err != nil {
		return err
	}
	r.w.Header().Set("Cache-Control", "no-store")
	return c.showTokens(r, &made)
}

func (c *Console) revokeToken(r *request) error {
	if err := c.ask(r.Context(), question{method: http.MethodDelete, path: "/v1/tokens/" + url.PathEscape(r.PathValue("id"))}, nil); err != nil {
		return err
	}
	return c.done(r, "/tokens/", "revoked", uncounted, 0)
}
