package monitor

import (
	"context"
	"errors"
	"net/http"

	"go.uber.org/zap"
)

// gate lets in who may see a page, with their role in the request's context.
type gate struct {
	signIn *signIn // nil: no users, everybody on this machine is an operator
	log    *zap.Logger
}

type (
	roleKey struct{}
	nameKey struct{}
)

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
		role, err := g.admit(r)
		switch {
		case errors.Is(err, errWrongPassword):
			w.Header().Set("WWW-Authenticate", `Basic realm="Switchyard", charset="UTF-8"`)
			http.Error(w, "Sign in with a user of the monitor's configuration.", http.StatusUnauthorized)
		case err != nil:
			w.Header().Set("Retry-After", "1")
			http.Error(w, "Too many sign-ins at once: try again in a second.", http.StatusServiceUnavailable)
		case role != Operator && !isSafe(r.Method):
			http.Error(w, "Readers may only look: sign in as an operator to change something.", http.StatusForbidden)
		default:
			name, _, _ := r.BasicAuth()
			if g.signIn == nil {
				name = "" // nobody has looked whether it is one
			}
			ctx := context.WithValue(r.Context(), roleKey{}, role)
			next.ServeHTTP(w, r.WithContext(context.WithValue(ctx, nameKey{}, name)))
		}
	})
}

func (g gate) admit(r *http.Request) (Role, error) {
	if g.signIn == nil {
		return Operator, nil
	}
	name, password, ok := r.BasicAuth()
	if !ok {
		return "", errWrongPassword
	}
	role, err := g.signIn.role(r.Context(), name, password)
	if err != nil {
		// Not the name: people type their password there.
		g.log.Warn("sign-in refused", zap.String("remote", r.RemoteAddr), zap.Error(err))
	}
	return role, err
}

func isSafe(method string) bool {
	return method == http.MethodGet || method == http.MethodHead || method == http.MethodOptions
}
