package series

import (
	"testing"
	"time"

	"github.com/redis/go-redis/v9"
	"go.uber.org/goleak"
	"go.uber.org/zap"
)

func TestMain(m *testing.M) {
	// A pool that could not dial asks once a second whether it can, also once it is closed.
	goleak.VerifyTestMain(m, goleak.IgnoreAnyFunction("github.com/redis/go-redis/v9/internal/pool.(*ConnPool).tryDial"))
}

// rig is a store with a counter whose clock the test moves.
type rig struct {
	*testing.T
	client  redis.UniversalClient
	store   *Store
	counter *Counter
	now     time.Time
}

func newRig(t *testing.T, client redis.UniversalClient) *rig {
	r := &rig{T: t, client: client, store: NewStore(client, "switchyard:"), now: time.Now()}
	r.counter = r.another()
	return r
}

// another returns the counter of another process.
func (r *rig) another() *Counter {
	c := NewCounter(r.store, zap.NewNop())
	c.now = func() time.Time { return r.now }
	return c
}

// redisNow is the time by Redis's clock.
func (r *rig) redisNow() time.Time { return r.client.Time(r.Context()).Val() }

// key is the key of the hash of an hour of agents, and field that of a minute.
func key(at time.Time) string { return NewStore(nil, "switchyard:").key("agents", at.Unix()/3600) }

// read returns the last hour and a half of agents as one point.
func (r *rig) read() Point {
	r.Helper()
	now := r.redisNow()
	all, err := r.store.Read(r.Context(), []string{"agents"}, now.Add(-90*time.Minute), now.Add(2*time.Minute), 3*time.Hour)
	if err != nil {
		r.Fatal(err)
	}
	return all.Queues[0].Points[0]
}
