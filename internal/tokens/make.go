package tokens

import (
	"context"
	_ "embed"
	"encoding/json"
	"fmt"
	"time"

	"github.com/redis/go-redis/v9"
)

const (
	// most is how many tokens there may be that have not ended, and as many children beside
	// them: a page that asks for one after the other does not keep operators from making any.
	most = 10_000
	// mostOfOne is how many children of one parent may be active.
	mostOfOne = 1000
	// kept is for how long a token is shown that has ended, keptChild the same of a child.
	kept, keptChild = 30 * 24 * time.Hour, time.Hour
)

//go:embed make.lua
var makeLua string

var makeScript = redis.NewScript(makeLua)

// making is the argument of make.lua. Times are in milliseconds.
type making struct {
	ID     string `json:"id"`
	Token  string `json:"token"` // what the keys of tokens begin with
	Parent string `json:"parent"`
	Now    int64  `json:"now"`
	Ends   int64  `json:"ends"` // 0: never
	Keep   int64  `json:"keep"`
	Most   int    `json:"most"`
	OfOne  int    `json:"of_one"`
}

// Make makes a token, and returns its text, which nobody learns again. The error is a [*FieldError]
// or [ErrFull], or says that Redis did not take it.
func (s *Store) Make(ctx context.Context, n New) (string, Token, error) {
	if err := n.check(); err != nil {
		return "", Token{}, err
	}
	return s.add(ctx, s.now(), n, nil)
}

// add stores a new token, which is a child if there is a parent.
func (s *Store) add(ctx context.Context, now time.Time, n New, parent *Token) (string, Token, error) {
	text, id, secret := newText()
	t := n.token(id, now)
	ask := making{ID: id, Token: s.token(""), Now: now.UnixMilli(), Keep: kept.Milliseconds(), Most: most, OfOne: mostOfOne}
	keys := []string{s.token(id), s.made(), s.nothing()}
	if parent != nil {
		t.Parent, t.Expires = parent.ID, within(t.Expires, parent.Expires)
		ask.Parent, ask.Keep = parent.ID, keptChild.Milliseconds()
		keys[1], keys[2] = s.children(), s.childrenOf(parent.ID)
	}
	if !t.Expires.IsZero() {
		ask.Ends = t.Expires.UnixMilli()
	}
	given, err := argument(ask)
	if err != nil {
		return "", Token{}, err
	}
	record, err := json.Marshal(t)
	if err != nil {
		return "", Token{}, fmt.Errorf("encode token %s: %w", id, err)
	}
	answer, err := makeScript.Run(ctx, s.client, keys, given, record, hashOf(secret)).Text()
	if err != nil {
		return "", Token{}, fmt.Errorf("make token %q: %w", n.Name, err)
	}
	switch answer {
	case "made":
		return text, t, nil
	case "taken":
		return "", Token{}, fmt.Errorf("make token %q: its random ID %s is taken: try again", n.Name, id)
	case "parent":
		return "", Token{}, fmt.Errorf("%w: %s has %d active children: wait until some expire", ErrFull, ask.Parent, mostOfOne)
	}
	return "", Token{}, fmt.Errorf("%w: %d in %s are active: revoke some, see switchyard token list", ErrFull, most, keys[1])
}
