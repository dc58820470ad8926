package remote

import (
	"context"
	_ "embed"
	"encoding/json"
	"fmt"
	"time"

	"github.com/redis/go-redis/v9"
)

//go:embed turn.lua
var turnLua string

var turnScript = redis.NewScript(turnLua)

// takeTurn takes the turn to do something that one of all workers does at times. It reports whether the
// turn is the caller's.
func takeTurn(ctx context.Context, client redis.UniversalClient, key string, every time.Duration) (bool, error) {
	ask, _ := json.Marshal(map[string]int64{"every": every.Milliseconds()}) // numbers always have a text
	mine, err := turnScript.Run(ctx, client, []string{key}, ask).Bool()
	if err != nil {
		return false, fmt.Errorf("take the turn %s: %w", key, err)
	}
	return mine, nil
}
