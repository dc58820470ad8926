package api

import (
	"cmp"
	"context"
	"fmt"
	"net/http"
	"slices"

	"switchyard/internal/audit"
	"switchyard/internal/tasks"
	"switchyard/internal/tokens"
)

// Caller is who asks, and what for.
type Caller struct {
	// ID is the same for all requests of the caller, and no other's. Keys of requests are its own.
	ID string
	// Name and From are for the audit log.
	Name, From string
	// Via is the way by which the audit log has the caller ask; "": by a request of the API.
	Via audit.Via
	// User is the user for whom alone the caller may ask; "": for all.
	User string
	// Tasks are the IDs of the only ones that the caller may see; none: all.
	Tasks []string
	// Token is what the caller was let in by, nil if it was something else.
	Token *tokens.Token
	// May reports whether the caller may do something with tasks of a kind; "": with all of them.
	May func(action tokens.Action, kind string) bool
}

type callerKey struct{}

// WithCaller returns a context of requests of a caller.
func WithCaller(ctx context.Context, c *Caller) context.Context {
	return context.WithValue(ctx, callerKey{}, c)
}

// CallerOf returns who asks, as [WithCaller] has said. Without one it is nobody, who may do nothing.
func CallerOf(ctx context.Context) *Caller {
	if c, ok := ctx.Value(callerKey{}).(*Caller); ok {
		return c
	}
	return &Caller{May: func(tokens.Action, string) bool { return false }}
}

func (c *Caller) actor() audit.Actor {
	return audit.Actor{Name: c.Name, Via: cmp.Or(c.Via, audit.Request), From: c.From}
}

// need reports that a caller may not do something.
func (c *Caller) need(action tokens.Action, kind string) error {
	if c.May(action, kind) {
		return nil
	}
	p := problem("forbidden", fmt.Sprintf("the scope %s is missing: ask for a token that has it", scope(action, kind)))
	p.Scope = scope(action, kind)
	return p
}

// needSome is need for what is done to the tasks of a kind, or with "" to those that the caller may.
func (c *Caller) needSome(action tokens.Action, kind string) error {
	if kind == "" && c.Token != nil && slices.ContainsFunc(c.Token.Scopes, func(s tokens.Scope) bool { return s.Action == action }) {
		return nil
	}
	return c.need(action, kind)
}

func scope(action tokens.Action, kind string) string {
	if kind == "" {
		return string(action)
	}
	return string(action) + ":" + kind
}

// needUser reports that a caller may not ask about a user.
func (c *Caller) needUser(action tokens.Action, user string) error {
	if err := c.need(action, ""); err != nil {
		return err
	}
	if c.User != "" && c.User != user {
		return noSuch("user", user)
	}
	return nil
}

// onlyUser returns the only user of whom a caller may be told who asks about a user, or about all with
// "", and "" for all.
func (c *Caller) onlyUser(action tokens.Action, user string) (string, error) {
	if user == "" {
		return c.User, c.need(action, "")
	}
	return user, c.needUser(action, user)
}

// sees reports whether a caller may see a task. What it may not see is not there.
func (c *Caller) sees(action tokens.Action, s tasks.Status) bool {
	return c.May(action, s.Kind) && (c.User == "" || tasks.UserOf(s.Payload) == c.User) &&
		(len(c.Tasks) == 0 || slices.Contains(c.Tasks, s.ID))
}

// noSuch is the problem of something that is not there, or not for the caller.
func noSuch(what, id string) *Problem {
	return problem("not-found", fmt.Sprintf("there is no %s %.200q", what, id))
}

// Unauthenticated answers a request of somebody who is not known.
func Unauthenticated(w http.ResponseWriter, why string) {
	writeProblem(w, problem("unauthenticated", why).header("WWW-Authenticate", `Bearer realm="switchyard"`))
}

// RateLimited answers a request of somebody from where too many were refused.
func RateLimited(w http.ResponseWriter, why string) { writeProblem(w, problem("rate-limited", why)) }

// Unavailable answers a request of somebody whom Redis was to tell about.
func Unavailable(w http.ResponseWriter, err error) { writeProblem(w, unavailable(err)) }
