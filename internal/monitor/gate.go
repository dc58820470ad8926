package monitor

import (
	"context"
	"errors"
	"fmt"
	"math"
	"net/http"
	"net/netip"
	"strconv"

	"go.uber.org/zap"

	"switchyard/internal/api"
	"switchyard/internal/audit"
	"switchyard/internal/daemon"
)

// gate lets in who may see a page, with their role in the request's context.
type gate struct {
	signIn  *signIn        // nil: no users, everybody on this machine is an operator
	proxies []netip.Prefix // whose word it takes for where a request comes from
	guesses *sources       // of tokens
	refused *daemon.Burst
	log     *zap.Logger
}

type roleKey struct{}

// roleOf returns the role the gate gave a request.
func roleOf(r *http.Request) Role {
	role, _ := r.Context().Value(roleKey{}).(Role)
	return role
}

// guard wraps next so that it sees only requests of users, and from readers only
// requests that change nothing.
func (g gate) guard(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		caller, role, err := g.signedIn(r, audit.Page)
		var many tooMany
		switch {
		case errors.Is(err, errWrongPassword):
			w.Header().Set("WWW-Authenticate", `Basic realm="Switchyard", charset="UTF-8"`)
			http.Error(w, "Sign in with a user of the monitor's configuration.", http.StatusUnauthorized)
		case errors.As(err, &many):
			seconds := int(math.Ceil(many.wait.Seconds()))
			w.Header().Set("Retry-After", strconv.Itoa(seconds))
			http.Error(w, fmt.Sprintf("Too many failed sign-ins from your address: try again in %d seconds.", seconds), http.StatusTooManyRequests)
		case err != nil: // the client has gone
		case role != Operator && !isSafe(r.Method):
			http.Error(w, "Readers may only look: sign in as an operator to change something.", http.StatusForbidden)
		default:
			ctx := context.WithValue(r.Context(), roleKey{}, role)
			next.ServeHTTP(w, r.WithContext(api.WithCaller(ctx, caller)))
		}
	})
}

// signedIn returns who signs in, for what is asked in a way.
func (g gate) signedIn(r *http.Request, via audit.Via) (*api.Caller, Role, error) {
	client := g.client(r)
	a, err := g.admit(r, client)
	if err != nil {
		return nil, "", err
	}
	return &api.Caller{ID: "user:" + a.name, Name: a.name, From: client.String(), Via: via, User: a.user, May: a.may}, a.role, nil
}

// admit returns the account of a request. Without users everybody has one that has no name.
func (g gate) admit(r *http.Request, client netip.Addr) (account, error) {
	if g.signIn == nil {
		return account{role: Operator}, nil
	}
	name, password, ok := r.BasicAuth()
	if !ok {
		return account{}, errWrongPassword
	}
	a, err := g.signIn.account(r.Context(), daemon.Source(client), name, password)
	if err == nil || r.Context().Err() != nil {
		return a, err
	}
	if n := g.refused.Tell(); n > 0 {
		// Not the name: people type their password there.
		g.log.Warn("sign-ins refused", zap.Int("count", n), zap.Stringer("last_from", client), zap.Error(err))
	}
	return a, err
}

// ofAll wraps what shows or changes what is everybody's, so that no sign-in reaches it that is for one
// user.
func ofAll(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if user := api.CallerOf(r.Context()).User; user != "" {
			http.Error(w, fmt.Sprintf("This page is about all users, and your sign-in is for the user %q alone: sign in with one that is for all.", user), http.StatusForbidden)
			return
		}
		next.ServeHTTP(w, r)
	})
}

func isSafe(method string) bool {
	return method == http.MethodGet || method == http.MethodHead || method == http.MethodOptions
}
