package tokens

import (
	"cmp"
	"encoding/json"
	"strconv"
	"time"
)

// record is how a token is stored. A scope that a later release knows permits nothing here, and
// does not make the others unreadable.
type record struct {
	Token
	Scopes []string `json:"scopes"`
}

// fields are the fields of a stored token: see make.lua.
type fields struct {
	token, hash, uses, used, revoked string
	// parents is when its parent was revoked, "0" if that is gone.
	parents string
}

// read returns the token of an ID at a time. One that cannot be read has the state Unreadable.
func (f fields) read(id string, now time.Time) Token {
	var r record
	if err := json.Unmarshal([]byte(f.token), &r); err != nil || r.ID != id || len(f.hash) != hashLength {
		return unreadable(id, timeOf(f.revoked))
	}
	t := r.Token
	t.Scopes = make([]Scope, 0, len(r.Scopes))
	for _, text := range r.Scopes {
		if s, err := ParseScope(text); err == nil {
			t.Scopes = append(t.Scopes, s)
		}
	}
	t.Uses, t.LastUse, t.Revoked = max(number(f.uses), 0), time.Time{}, timeOf(cmp.Or(f.revoked, f.parents))
	if number(f.used) > 0 {
		t.LastUse = timeOf(f.used)
	}
	t.State = t.stateAt(now)
	return t
}

// unreadable stands for a token whose record is damaged.
func unreadable(id string, revoked time.Time) Token {
	t := Token{ID: id, Name: "unreadable", State: Unreadable, Scopes: []Scope{}, Revoked: revoked}
	if !revoked.IsZero() {
		t.State = Revoked
	}
	return t
}

// number reads what may be anything; 0 if it is no number.
func number(text string) int64 {
	n, err := strconv.ParseInt(text, 10, 64)
	if err != nil {
		return 0
	}
	return n
}

// timeOf reads Unix time in ms. It is zero for nothing, and 1970 for what is no time, so that a
// token with a mark of its end has one.
func timeOf(text string) time.Time {
	if text == "" {
		return time.Time{}
	}
	return time.UnixMilli(number(text)).UTC()
}
