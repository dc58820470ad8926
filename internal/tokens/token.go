// Package tokens keeps the tokens of the HTTP API: who may do what, for whom and until when. Only
// a hash of a token's secret is stored. Whoever has made a token sees its text once.
package tokens

import (
	"slices"
	"time"
)

// State is what has become of a token.
type State string

// The states.
const (
	Active     State = "active"
	Expired    State = "expired"
	Revoked    State = "revoked"
	Unreadable State = "unreadable" // what is stored of it is damaged: it permits nothing
)

// Token is what is known of a token, except for its secret. Nobody changes one.
type Token struct {
	ID     string  `json:"id"`
	Name   string  `json:"name"`
	State  State   `json:"state"`
	Scopes []Scope `json:"scopes"`
	// User is the only user for whom it is used. "" is no restriction.
	User string `json:"user,omitempty"`
	// Tasks are the IDs of the only tasks that it may read and cancel. None is no restriction.
	Tasks []string `json:"tasks,omitempty"`
	// Parent is the ID of the token that a child token was made with. The child ends with it.
	Parent string `json:"parent,omitempty"`
	// By is who made it.
	By      string    `json:"by,omitempty"`
	Created time.Time `json:"created"`
	Expires time.Time `json:"expires,omitzero"` // zero: never
	Revoked time.Time `json:"revoked,omitzero"` // zero: it is not
	// Uses is about how often it was used, and LastUse when last: see [Store.Run].
	Uses    int64     `json:"uses"`
	LastUse time.Time `json:"last_use,omitzero"`
}

// Allows reports whether the token permits an action on a kind: see [Scope.Allows].
func (t Token) Allows(action Action, kind string) bool {
	return action == KindsRead || slices.ContainsFunc(t.Scopes, func(s Scope) bool { return s.Allows(action, kind) })
}

// stateAt returns the state of a readable token.
func (t Token) stateAt(now time.Time) State {
	switch {
	case !t.Revoked.IsZero():
		return Revoked
	case !t.Expires.IsZero() && !now.Before(t.Expires):
		return Expired
	}
	return Active
}
