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

type (
	roleKey   struct{}
	nameKey   struct{}
	clientKey struct{}
)

// clientOf returns the address that the gate found a request to come from.
func clientOf(r *http.Request) netip.Addr {
	client, _ := r.Context().Value(clientKey{}).(netip.Addr)
	return client
}

// nameOf returns the name of the user that the gate let in; "" where there are none.
func nameOf(r *http.Request) string {
	name, _ := r.Context().Value(nameKey{}).(string)
	return name
}

// roleOf returns the role the gate gave a request.
func roleOf(r *http.Request) Role {
	role, _ := r.Context().Value(roleKey{}).(Role)
	return role
}

// guard wraps next so that it sees only requests of users, and from readers only
// requests that change nothing.
func (g gate) guard(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		client := g.client(r)
		role, err := g.admit(r, client)
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
			name, _, _ := r.BasicAuth()
			if g.signIn == nil {
				name = "" // nobody has looked whether it is one
			}
			ctx := context.WithValue(r.Context(), roleKey{}, role)
			ctx = context.WithValue(ctx, clientKey{}, client)
			next.ServeHTTP(w, r.WithContext(context.WithValue(ctx, nameKey{}, name)))
		}
	})
}

func (g gate) admit(r *http.Request, client netip.Addr) (Role, error) {
	if g.signIn == nil {
		return Operator, nil
	}
	name, password, ok := r.BasicAuth()
	if !ok {
		return "", errWrongPassword
	}
	role, err := g.signIn.role(r.Context(), daemon.Source(client), name, password)
	if err == nil || r.Context().Err() != nil {
		return role, err
	}
	if n := g.refused.Tell(); n > 0 {
		// Not the name: people type their password there.
		g.log.Warn("sign-ins refused", zap.Int("count", n), zap.Stringer("last_from", client), zap.Error(err))
	}
	return role, err
}

func isSafe(method string) bool {
	return method == http.MethodGet || method == http.MethodHead || method == http.MethodOptions
}
