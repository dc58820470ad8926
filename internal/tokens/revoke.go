package tokens

import (
	"context"
	_ "embed"
	"fmt"

	"github.com/redis/go-redis/v9"
)

//go:embed revoke.lua
var revokeLua string

var revokeScript = redis.NewScript(revokeLua)

// Revoke ends the token of an ID and its children, for good: in this process at once, in others
// within a second. It reports whether there was one that was not revoked before. A full Redis takes
// it too.
func (s *Store) Revoke(ctx context.Context, id string) (bool, error) {
	if !isID(id) {
		return false, nil
	}
	given, err := argument(map[string]any{
		"id": id, "token": s.token(""), "children": s.childrenOf(""),
		"now": s.now().UnixMilli(), "keep": kept.Milliseconds(), "keep_child": keptChild.Milliseconds(),
	})
	if err != nil {
		return false, err
	}
	changed, err := revokeScript.Run(ctx, s.client, []string{s.token(id), s.made(), s.children(), s.nothing()}, given).Bool()
	if err != nil {
		return false, fmt.Errorf("revoke token %s: %w", id, err)
	}
	s.forget()
	return changed, nil
}
