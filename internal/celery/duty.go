package celery

import (
	"context"
	_ "embed"
	"encoding/json"
	"fmt"
	"time"

	"github.com/redis/go-redis/v9"
)

const (
	// dutyEvery is how often a worker says that it is there, and dutyFor how long that is believed: so
	// long nobody takes messages in once the one on duty is killed.
	dutyEvery = 3 * time.Second
	dutyFor   = 8 * time.Second
)

var (
	//go:embed duty.lua
	dutyLua string
	//go:embed leave.lua
	leaveLua string

	dutyScript  = redis.NewScript(dutyLua)
	leaveScript = redis.NewScript(leaveLua)
)

// duty is the roster of the workers that have the door open, of which one is on duty. Should two of
// them believe so for a moment, because one was held up, nothing is taken twice; what suffers is the
// order of priorities.
type duty struct {
	redis redis.UniversalClient
	keys  []string
	node  string
	line  string
}

func newDuty(client redis.UniversalClient, prefix, node string, slots map[string]int) *duty {
	line, _ := json.Marshal(slots) // numbers always have a text
	return &duty{redis: client, keys: []string{dutyKey(prefix), prefix + "{celery}:roster"}, node: node, line: string(line)}
}

// ask says that the worker is there, and asks for the duty. It returns whether the worker has it, and
// then how many tasks of each queue all workers together perform at once.
func (d *duty) ask(ctx context.Context) (on bool, slots map[string]int, err error) {
	call, _ := json.Marshal(map[string]any{"node": d.node, "line": d.line, "lease": dutyFor.Milliseconds()}) // likewise
	answer, err := dutyScript.Run(ctx, d.redis, d.keys, call).Slice()
	if err != nil {
		return false, nil, fmt.Errorf("ask for the duty at the door of Celery: %w", err)
	}
	if len(answer) == 0 || answer[0] != int64(1) {
		return false, nil, nil
	}
	slots = map[string]int{}
	for _, line := range answer[1:] {
		text, _ := line.(string)
		var one map[string]int
		if json.Unmarshal([]byte(text), &one) == nil { // or somebody else has written it
			for queue, n := range one {
				slots[queue] += max(0, n)
			}
		}
	}
	return true, slots, nil
}

// leave gives up the duty. If it cannot, others take over in a while.
func (d *duty) leave() {
	ctx, cancel := context.WithTimeout(context.Background(), answerWithin)
	defer cancel()
	call, _ := json.Marshal(map[string]any{"node": d.node}) // a string always has a text
	_ = leaveScript.Run(ctx, d.redis, d.keys, call).Err()
}
