// Package deployment keeps apart the deployments that share a Redis server.
//
// Two things of a deployment carry neither a prefix nor, some of them, a database number: the
// queues, whose keys are asynq's, and the control channels, as publish and subscribe knows no
// databases. So the first deployment that uses one claims it, by its name, in a key that is
// the same for all. Whoever finds it claimed by another name leaves it alone and says so. A
// claim that nobody renews for a day lapses.
package deployment

import (
	"context"
	_ "embed"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/redis/go-redis/v9"

	"switchyard/internal/cache"
)

// lapse is how long a claim holds that is not renewed: a deployment that is down for a night
// still has its queues in the morning.
const lapse = 24 * time.Hour

//go:embed claim.lua
var claimLua string

var claimScript = redis.NewScript(claimLua)

// keys are the same whatever the prefix is: all deployments have to find them.
const keys = "switchyard:deployment:"

// Name returns the name of a deployment that was given none: its prefix and its database.
func Name(prefix string, client redis.UniversalClient) string {
	return fmt.Sprintf("%s/%d", strings.TrimSuffix(prefix, ":"), cache.Database(client))
}

// Claim is who has what all deployments share.
type Claim struct {
	Holder string
	Seen   time.Duration // how long ago the holder renewed it
}

// hold claims a key for a name, unless another has it, and returns who has it then.
func hold(ctx context.Context, client redis.UniversalClient, key, name string) (Claim, error) {
	return claim(ctx, client, key, name, strconv.FormatInt(lapse.Milliseconds(), 10))
}

// look returns who has a key claimed, without a holder if nobody has.
func look(ctx context.Context, client redis.UniversalClient, key string) (Claim, error) {
	return claim(ctx, client, key, "", "")
}

func claim(ctx context.Context, client redis.UniversalClient, key, name, lapses string) (Claim, error) {
	reply, err := claimScript.Run(ctx, client, []string{key}, name, lapses).Slice()
	if err != nil {
		return Claim{}, fmt.Errorf("claim %s for the deployment %s: %w", key, name, err)
	}
	holder, _ := reply[0].(string)
	left, _ := reply[1].(int64)
	return Claim{holder, (lapse - time.Duration(left)*time.Millisecond).Round(time.Second)}, nil
}
