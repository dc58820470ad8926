package queue

import (
	_ "embed"

	"github.com/redis/go-redis/v9"
)

// Our own scripts on asynq's keys. They leave the keys as asynq's would.
var (
	//go:embed add.lua
	addLua string
	//go:embed oldticks.lua
	oldTicksLua string
	//go:embed forgetticks.lua
	forgetTicksLua string

	addScript         = redis.NewScript(addLua)
	oldTicksScript    = redis.NewScript(oldTicksLua)
	forgetTicksScript = redis.NewScript(forgetTicksLua)
)
