package queue

import (
	_ "embed"
	"strings"

	"github.com/redis/go-redis/v9"
)

// Our own scripts on asynq's keys. They leave the keys as asynq's would.
var (
	//go:embed take.lua
	takeLua string
	//go:embed user.lua
	userLua string
	//go:embed turns.lua
	turnsLua string
	//go:embed turn.lua
	turnLua string
	//go:embed renew.lua
	renewLua string
	//go:embed release.lua
	releaseLua string
	//go:embed stamp.lua
	stampLua string
	//go:embed add.lua
	addLua string
	//go:embed setfield.lua
	setFieldLua string
	//go:embed oldticks.lua
	oldTicksLua string
	//go:embed forgetticks.lua
	forgetTicksLua string

	takeScript        = redis.NewScript(userLua + turnsLua + takeLua)
	turnScript        = redis.NewScript(turnsLua + turnLua)
	renewScript       = redis.NewScript(renewLua)
	releaseScript     = redis.NewScript(releaseLua)
	addScript         = redis.NewScript(addLua)
	setFieldScript    = redis.NewScript(setFieldLua)
	oldTicksScript    = redis.NewScript(oldTicksLua)
	forgetTicksScript = redis.NewScript(forgetTicksLua)
)

// effect is what a script of asynq's does to its queue.
type effect int

const (
	other    effect = iota
	adds            // a task can be taken: enqueue, run by hand
	addsSome        // several can, and it returns how many: run all by hand
	delays          // a task can be taken later
	takes           // dequeue
	ends            // an attempt is over: done, complete, archive
	retries         // likewise, and the task can be taken later
	requeues        // likewise, and the task can be taken
	recovers        // lists what asynq takes for lost
	reports         // shows or hides a server on asynqmon's Servers page
)

// call is a script of asynq's about to be run.
type call struct {
	effect
	queue string
	task  string // ID of the one task it is about, if it is about one
}

// callOf tells a script by its keys, which are part of asynq's stored format; the
// scripts' texts are internal to asynq and change. The keys are those documented above
// each script in asynq's internal/rdb.
func callOf(keys []string) call {
	var c call
	names := make([]string, len(keys))
	for i, key := range keys {
		rest, ok := strings.CutPrefix(key, "asynq:{")
		if !ok {
			if strings.HasPrefix(key, "asynq:servers:") {
				c.effect = reports
			}
			return c
		}
		c.queue, names[i], _ = strings.Cut(rest, "}:")
		var id string
		names[i], id, _ = strings.Cut(names[i], ":")
		if names[i] == "t" && id != "" {
			c.task = id
		}
	}
	c.effect = effectOf(strings.Join(names, " "))
	return c
}

func effectOf(names string) effect {
	switch names {
	case "t pending", "unique t pending", "t pending groups":
		return adds
	case "retry pending", "scheduled pending", "archived pending":
		return addsSome
	case "t scheduled", "unique t scheduled":
		return delays
	case "pending paused active lease":
		return takes
	case "active lease pending t":
		return requeues
	case "lease":
		return recovers
	}
	switch {
	case strings.HasPrefix(names, "t active lease retry"):
		return retries
	case strings.HasPrefix(names, "active lease t"), strings.HasPrefix(names, "active lease completed t"), strings.HasPrefix(names, "t active lease archived"):
		return ends
	}
	return other
}
