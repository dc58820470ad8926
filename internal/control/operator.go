package control

import (
	"cmp"
	"context"
	"time"

	"switchyard/internal/audit"
	"switchyard/internal/cache"
	"switchyard/internal/tasks"
)

// DefaultPatience is how long [Operator.Pause] waits for runs to stop.
const DefaultPatience = 30 * time.Second

const (
	// lookFirst and lookEvery are how soon it looks whether they have, and how often when that
	// takes longer.
	lookFirst, lookEvery = 2 * time.Millisecond, 50 * time.Millisecond
	// aliveEvery is how often it looks whether the processes that run them still live.
	aliveEvery = time.Second
)

// Runner is the queue of what is parked.
type Runner interface {
	// Unpark runs a task of a queue at once if it is parked, and nothing otherwise.
	Unpark(ctx context.Context, queue, id string) (tasks.Unparked, error)
	// Gone returns those of some tasks, as queue/id, that are over or that somebody has removed.
	Gone(ctx context.Context, names []string) ([]string, error)
}

// Auditor keeps who has changed what.
type Auditor interface {
	Write(ctx context.Context, r audit.Record) error
}

// Operator pauses and resumes users for somebody who wants to know what came of it. It is
// safe for concurrent use.
type Operator struct {
	Brake    *Brake
	Runner   Runner
	Audit    Auditor
	Patience time.Duration // 0: [DefaultPatience]
}

func (o *Operator) patience() time.Duration { return cmp.Or(o.Patience, DefaultPatience) }

// orderEvery is how often an order is given again that Redis did not take.
const orderEvery = 100 * time.Millisecond

// order changes a brake, again until Redis takes it or ctx ends: a master that is just being
// replaced is back within seconds, and whoever wants to stop something must not have to wait
// for it by themselves.
func (o *Operator) order(ctx context.Context, step, user string, by audit.Actor) (changed bool, r reading, err error) {
	if err := checkBraked(user); err != nil {
		return false, r, err
	}
	err = cache.Patiently(ctx, orderEvery, cache.IsFinal, func() error {
		changed, r, err = o.Brake.change(ctx, step, user, Order{By: by})
		return err
	})
	return changed, r, err
}

// note keeps in the audit log who has asked for something.
func (o *Operator) note(ctx context.Context, did, user string, by audit.Actor, changed bool) error {
	detail := ""
	if !changed {
		detail = "changed nothing"
	}
	return o.Audit.Write(ctx, audit.Record{Actor: by, Did: did, User: user, Detail: detail})
}
