package lane

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"switchyard/internal/tasks"

	"github.com/redis/go-redis/v9"
)

// Causes of the context of a handler whose task another worker may have.
var (
	// ErrFenced means that the lease could not be renewed: Redis was out of reach.
	ErrFenced = errors.New("lease not renewed for 10s: redis out of reach, another worker may take the task")
	// ErrLeaseLost means that another worker has taken the task, or somebody removed it.
	ErrLeaseLost = errors.New("lease lost: another worker has the task")
	// ErrHandedBack means that the worker stops before the task is done: it is on its way
	// back to the queue.
	ErrHandedBack = errors.New("worker stops: task handed back")
)

const (
	// maxRenewed bounds what one script renews.
	maxRenewed = 500
	// fenceEvery is how often it is asked which leases may be lost.
	fenceEvery = 250 * time.Millisecond
	// retryEvery is how often a Redis that is away is asked again.
	retryEvery = 500 * time.Millisecond
)

// renewer renews the leases of a lane, and stops the handlers of those that it cannot.
type renewer struct{ lane *lane }

// run renews until ctx ends.
func (r *renewer) run(ctx context.Context) {
	for {
		pause := renewEvery
		for _, s := range r.lane.sources {
			if err := r.renew(ctx, s); err != nil {
				r.lane.health.failed(err)
				pause = retryEvery
			}
		}
		if tasks.Sleep(ctx, pause) != nil {
			return
		}
	}
}

// renewAsk is what renew.lua is asked for.
type renewAsk struct {
	Leases []any `json:"leases"`
}

func (r *renewer) renew(ctx context.Context, s *source) error {
	held := r.lane.leases.of(s)
	for len(held) > 0 {
		some := held[:min(len(held), maxRenewed)]
		held = held[len(some):]
		var ask renewAsk
		texts := noteBegun(&ask, some)
		sent := time.Now()
		answer, err := s.ask(ctx, renewScript, 3, ask, texts...)
		if err != nil {
			if r.nobodyWrites(ctx, err) {
				r.lane.leases.renewed(some, sent, nil)
			}
			return fmt.Errorf("renew leases: %w", err)
		}
		r.lane.health.reached()
		for _, a := range r.lane.leases.renewed(some, sent, answer.texts(0)) {
			a.stop(ErrLeaseLost, cutOffGrace)
		}
		for by := answer.texts(1); len(by) >= 2; by = by[2:] {
			r.lane.cancel(s, by[0], by[1])
		}
		s.sayOdd(answer.texts(2))
	}
	return nil
}

// nobodyWrites reports whether Redis refuses the writes of all: what nobody can write nobody
// can take. That is only known of a server that stands alone. Behind Sentinel and on a cluster
// one that refuses may be an old master, cut off from a new one that gives the task away.
func (r *renewer) nobodyWrites(ctx context.Context, err error) bool {
	node, single := r.lane.Redis.(*redis.Client)
	if !single || node.Options().Addr == failoverAddr {
		return false
	}
	switch {
	case redis.HasErrorPrefix(err, "NOREPLICAS"), redis.HasErrorPrefix(err, "MISCONF"):
		return true
	case !redis.HasErrorPrefix(err, "READONLY"):
		return false
	}
	// A replica whose master it reaches may be behind others' writes there.
	ctx, cancel := context.WithTimeout(ctx, answerWithin)
	defer cancel()
	info, err := node.Info(ctx, "replication").Result()
	return err == nil && strings.Contains(info, "master_link_status:down")
}

// failoverAddr is what go-redis has for an address in a client that asks Sentinels for it.
const failoverAddr = "FailoverClient"

// fence stops handlers whose leases were not renewed for too long, until ctx ends.
func (r *renewer) fence(ctx context.Context) {
	for tasks.Sleep(ctx, fenceEvery) == nil {
		for _, a := range r.lane.leases.unsafe() {
			a.stop(ErrFenced, cutOffGrace)
		}
	}
}
