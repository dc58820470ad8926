package schedule

import (
	"context"
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
	//go:embed nextdue.lua
	nextDueLua string
	//go:embed indexed.lua
	indexedLua string
	//go:embed index.lua
	indexLua string
	//go:embed overdue.lua
	overdueLua string

	readScript    = redis.NewScript(readLua)
	writeScript   = redis.NewScript(writeLua)
	claimScript   = redis.NewScript(claimLua)
	nextDueScript = redis.NewScript(nextDueLua)
	indexedScript = redis.NewScript(indexedLua)
	indexScript   = redis.NewScript(indexLua)
	overdueScript = redis.NewScript(overdueLua)
)

// MaxBatch is how many entries a script takes at most.
const MaxBatch = 1000

// loaded does something that runs a script by its hash in a pipeline, which cannot send the text to
// a server that lacks it: then it loads the script, on a Cluster to each master, and does it again.
func (s *Store) loaded(ctx context.Context, script *redis.Script, do func() error) error {
	err := do()
	if redis.HasErrorPrefix(err, "NOSCRIPT") {
		if err = script.Load(ctx, s.client).Err(); err == nil {
			err = do()
		}
	}
	return err
}
