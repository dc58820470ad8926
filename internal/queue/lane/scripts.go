package lane

import (
	_ "embed"
	"fmt"
	"strings"
	"time"

	"github.com/redis/go-redis/v9"

	"switchyard/internal/queue/format"
	"switchyard/internal/tasks"
)

var (
	//go:embed queue.lua
	queueLua string
	//go:embed user.lua
	userLua string
	//go:embed turns.lua
	turnsLua string
	//go:embed finish.lua
	finishLua string
	//go:embed attempts.lua
	attemptsLua string
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
	//go:embed label.lua
	labelLua string
	//go:embed unlabel.lua
	unlabelLua string

	// A step makes each function of its script anew: it has none that it does not need.
	stepScript    = script(finishLua, function("finishOthers", attemptsLua+endLua), takeLua, stepLua)
	turnsScript   = script(userLua, turnsLua, finishLua, function("finishOthers", attemptsLua+endLua), takeLua, stepLua)
	renewScript   = script(renewLua)
	rescueScript  = script(turnsLua, attemptsLua, rescueLua)
	forwardScript = script(forwardLua)
	janitorScript = script(janitorLua)
	labelScript   = script(labelLua)
	unlabelScript = script(unlabelLua)
)

// constants are what the scripts know as well as we do, in seconds.
var constants = fmt.Sprintf("local leaseTerm, maxTokens, deadFor, deadMost, statsFor, mostAttempts = %d, %d, %d, %d, %d, %d\n",
	leaseTerm/time.Second, format.MaxTokens, format.DeadFor/time.Second, format.DeadMost, statsFor/time.Second, tasks.MaxAttempts)

// script returns the script whose parts stand behind what all know.
func script(parts ...string) *redis.Script {
	return redis.NewScript(constants + format.IndexLua + queueLua + strings.Join(parts, ""))
}

// function makes a part of a script a function: what it defines is only made when it is called.
func function(name, part string) string {
	return "local function " + name + "()\n" + part + "end\n"
}

// reply is what a script of ours returns.
type reply []any

func (r reply) text(i int) string  { s, _ := r[i].(string); return s }
func (r reply) number(i int) int64 { n, _ := r[i].(int64); return n }

func (r reply) list(i int) reply {
	list, _ := r[i].([]any)
	return list
}

func (r reply) texts(i int) []string {
	list := r.list(i)
	texts := make([]string, len(list))
	for i := range list {
		texts[i] = list.text(i)
	}
	return texts
}
