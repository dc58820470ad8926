package lane

import (
	"context"
	_ "embed"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/redis/go-redis/v9"
)

var (
	//go:embed queue.lua
	queueLua string
	//go:embed user.lua
	userLua string
	//go:embed turns.lua
	turnsLua string
	//go:embed end.lua
	endLua string
	//go:embed take.lua
	takeLua string
	//go:embed step.lua
	stepLua string
	//go:embed renew.lua
	renewLua string
	//go:embed rescue.lua
	rescueLua string
	//go:embed forward.lua
	forwardLua string
	//go:embed janitor.lua
	janitorLua string

	stepScript    = redis.NewScript(queueLua + userLua + turnsLua + endLua + takeLua + stepLua)
	renewScript   = redis.NewScript(queueLua + renewLua)
	rescueScript  = redis.NewScript(queueLua + turnsLua + rescueLua)
	forwardScript = redis.NewScript(queueLua + forwardLua)
	janitorScript = redis.NewScript(queueLua + janitorLua)
)

// answerWithin bounds one script.
const answerWithin = 2 * time.Second

// run runs a script on a queue; ask is what it is asked for, texts what ask refers to by
// place, from 2 on. size is how many values it answers with.
func run(ctx context.Context, client redis.UniversalClient, script *redis.Script, s *source, size int, ask any, texts ...any) (reply, error) {
	text, err := json.Marshal(ask)
	if err != nil {
		return nil, fmt.Errorf("encode what is asked of %s: %w", s.queue, err)
	}
	ctx, cancel := context.WithTimeout(ctx, answerWithin)
	defer cancel()
	raw, err := script.Run(ctx, client, s.keys, append([]any{string(text)}, texts...)...).Slice()
	if err != nil {
		return nil, err
	}
	if len(raw) != size {
		return nil, errors.New("the script's answer is cut short")
	}
	return raw, nil
}

// reply is what a script of ours returns.
type reply []any

func (r reply) text(i int) string  { s, _ := r[i].(string); return s }
func (r reply) number(i int) int64 { n, _ := r[i].(int64); return n }

func (r reply) texts(i int) []string {
	list, _ := r[i].([]any)
	texts := make([]string, len(list))
	for i := range list {
		texts[i] = reply(list).text(i)
	}
	return texts
}
