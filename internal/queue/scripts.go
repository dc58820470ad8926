package queue

import (
	_ "embed"
	"strings"

	"github.com/redis/go-redis/v9"
)

// Our own scripts on asynq's keys. They leave the keys as asynq's would.
var (
	//go:embed stamp.lua
	stampLua string
	//go:embed addticks.lua
	addTicksLua string
	//go:embed setfield.lua
	setFieldLua string
	//go:embed oldticks.lua
	oldTicksLua string
	//go:embed forgetticks.lua
	forgetTicksLua string

	addTicksScript    = redis.NewScript(addTicksLua)
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
	}
	return other
}
