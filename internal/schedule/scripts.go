package schedule

import (
	_ "embed"

	"github.com/redis/go-redis/v9"
)

// The scripts. Each works on the keys of one shard. They pass many values to a command at
// once, which Lua allows for a few thousand: who calls them keeps to [MaxBatch].
var (
	//go:embed read.lua
	readLua string
	//go:embed write.lua
	writeLua string
	//go:embed claim.lua
	claimLua string
	//go:embed head.lua
	headLua string
	//go:embed whole.lua
	wholeLua string
	//go:embed index.lua
	indexLua string

	readScript  = redis.NewScript(readLua)
	writeScript = redis.NewScript(writeLua)
	claimScript = redis.NewScript(claimLua)
	headScript  = redis.NewScript(headLua)
	wholeScript = redis.NewScript(wholeLua)
	indexScript = redis.NewScript(indexLua)
)

// MaxBatch is how many entries a script takes at most.
const MaxBatch = 1000
