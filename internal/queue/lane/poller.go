package lane

import (
	"cmp"
	"context"
	"sync"
	"time"

	"github.com/redis/go-redis/v9"

	"switchyard/internal/queue/format"
	"switchyard/internal/tasks"
)

// tendAfter is how long it takes at most until a worker without a task finds what nobody told
// it of: tasks that a foreign client delayed, and leases of workers that came later.
const tendAfter = 6 * time.Second

// poller finds what leaves no token: tasks of foreign clients. While there is none it asks
// one thing about all queues.
type poller struct {
	redis   redis.UniversalClient
	sources []*source
	every   time.Duration
}

func newPoller(client redis.UniversalClient, lanes []*lane) *poller {
	p := &poller{redis: client, every: cmp.Or(lanes[0].opts.Poll, time.Second)}
	for _, l := range lanes {
		p.sources = append(p.sources, l.sources...)
		p.every = min(p.every, cmp.Or(l.opts.Poll, time.Second))
	}
	return p
}

// run polls until ctx ends. A Redis that fails here fails for the doorbell, too, which says
// so.
func (p *poller) run(ctx context.Context) {
	var tending sync.WaitGroup
	defer tending.Wait()
	tending.Go(func() {
		for tasks.Sleep(ctx, tendAfter) == nil {
			p.tend(ctx)
		}
	})
	for tasks.Sleep(ctx, p.every) == nil {
		p.lookForRedis()
		p.lookForTasks(ctx)
	}
}

// lookForRedis has the forwarders ask the Redis that is lost to their lanes. Nobody else does, if
// a lane has nothing to end and waits for a token, until that wait is over.
func (p *poller) lookForRedis() {
	for _, s := range p.sources {
		if s.lane.health.lost.Load() {
			s.forwarder.nudge()
		}
	}
}

// lookForTasks rings for the sources without a task that have one.
func (p *poller) lookForTasks(ctx context.Context) {
	var resting []*source
	for _, s := range p.sources {
		if s.lane.exchange.rests(s) {
			resting = append(resting, s)
		}
	}
	for _, s := range having(ctx, p.redis, resting, "pending") {
		paused, err := p.redis.Exists(ctx, format.Key(s.queue, "paused")).Result()
		if err == nil && paused == 0 {
			s.lane.exchange.ring(s, false)
		}
	}
}

// tend has the forwarders and rescuers look that may have something to do.
func (p *poller) tend(ctx context.Context) {
	for _, s := range having(ctx, p.redis, p.sources, "scheduled", "retry", "lease", "active", "groups") {
		s.forwarder.nudge()
		s.rescuer.nudge()
	}
}

// having returns those of some queues that have one of some keys. A Redis that fails is asked later.
func having[Q interface{ keysOf(parts []string) []string }](ctx context.Context, client redis.UniversalClient, queues []Q, parts ...string) []Q {
	var keys []string
	for _, q := range queues {
		keys = append(keys, q.keysOf(parts)...)
	}
	if _, cluster := client.(*redis.ClusterClient); !cluster && len(keys) > 0 {
		if n, err := client.Exists(ctx, keys...).Result(); err != nil || n == 0 {
			return nil
		}
	}
	counts := make([]*redis.IntCmd, len(queues))
	// Each answer carries its own error.
	_, _ = client.Pipelined(ctx, func(to redis.Pipeliner) error {
		for i, q := range queues {
			counts[i] = to.Exists(ctx, q.keysOf(parts)...)
		}
		return nil
	})
	var have []Q
	for i, q := range queues {
		if counts[i].Val() > 0 {
			have = append(have, q)
		}
	}
	return have
}

// keysOf returns keys of asynq's.
func (u *upkeep) keysOf(parts []string) []string {
	keys := make([]string, len(parts))
	for i, part := range parts {
		keys[i] = format.Key(u.queue, part)
	}
	return keys
}
