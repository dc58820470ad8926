package control

import (
	"context"
	"maps"
	"slices"
	"sync"
	"time"

	"go.uber.org/zap"
)

const (
	// claimFor is how long a brake is one process's to look at.
	claimFor = 10 * time.Second
	// lookAgain is how often a brake is looked at that is between two states.
	lookAgain = time.Second
	// resumeGrace is how long whoever resumes may hand out nothing before an overseer takes over.
	resumeGrace = 3 * time.Second
	// lookAtRest is how often one is looked at that is not: the user is paused, or a step
	// waits for a person.
	lookAtRest = 5 * time.Minute
	// roundEvery is how often a process asks for brakes to look at, if it has not heard that
	// one has changed.
	roundEvery = 5 * time.Second
	// perRound is how many it takes at once.
	perRound = 50
)

// Overseer keeps the promises of the brakes, whoever has pulled or released them: a run whose
// process is gone does not hold up a pause, one that does not stop in time is told, and what
// is parked goes on if whoever was about to run it is gone. One of a deployment's processes
// looks at each brake. It is safe for concurrent use.
type Overseer struct {
	operator *Operator
	log      *zap.Logger
	heard    chan struct{}

	mu     sync.Mutex
	asking map[string]bool // users whose brake is to be watched
}

// NewOverseer returns an overseer. Run starts it.
func NewOverseer(operator *Operator, log *zap.Logger) *Overseer {
	return &Overseer{operator: operator, log: log, heard: make(chan struct{}, 1), asking: make(map[string]bool)}
}

// Watch has a user's brake watched, and looked at soon.
func (o *Overseer) Watch(user string) {
	o.mu.Lock()
	o.asking[user] = true
	o.mu.Unlock()
	select {
	case o.heard <- struct{}{}:
	default:
	}
}

// Run looks at brakes until ctx ends.
func (o *Overseer) Run(ctx context.Context) {
	failing, adopted := false, false
	for ctx.Err() == nil {
		if !adopted {
			adopted = o.operator.Brake.adopt(ctx) == nil
		}
		busy, err := o.round(ctx)
		if err != nil && !failing && ctx.Err() == nil {
			o.log.Error("brakes cannot be looked at, trying again", zap.Error(err))
		}
		failing = err != nil
		pause := roundEvery
		if busy || failing {
			pause = lookAgain
		}
		select {
		case <-ctx.Done():
		case <-o.heard:
		case <-time.After(pause):
		}
	}
}

// round looks at the brakes that are due, and reports whether one of them is between two
// states.
func (o *Overseer) round(ctx context.Context) (busy bool, err error) {
	if err := o.ask(ctx); err != nil {
		return true, err
	}
	c, err := o.operator.Brake.claimWatched(ctx, perRound)
	if err != nil {
		return false, err
	}
	for _, user := range c.users {
		again, err := o.see(ctx, user, c.now)
		if err == nil {
			err = o.operator.Brake.seen(ctx, c, user, again)
		}
		if err != nil {
			return true, err
		}
		busy = busy || again == lookAgain
	}
	return busy || len(c.users) == perRound, nil
}

// ask has those brakes watched that have changed. What Redis does not take is left for the next
// round.
func (o *Overseer) ask(ctx context.Context) error {
	o.mu.Lock()
	users := slices.Collect(maps.Keys(o.asking))
	o.mu.Unlock()
	for _, user := range users {
		if err := o.operator.Brake.watchUnlessWatched(ctx, user); err != nil {
			return err
		}
		o.mu.Lock()
		delete(o.asking, user)
		o.mu.Unlock()
	}
	return nil
}

// see does what a brake calls for, and returns when to look at it again, 0 for never.
func (o *Overseer) see(ctx context.Context, user string, now int64) (time.Duration, error) {
	brake := o.operator.Brake
	r, err := brake.lookAlive(ctx, user)
	if err != nil {
		return 0, err
	}
	switch {
	case r.state == Pausing && now-r.decision >= DefaultPatience.Milliseconds():
		_, _, _, err = brake.do(ctx, "overdue", user)
		return lookAgain, err
	case r.state == Pausing, r.state == Partial:
		return lookAgain, nil
	case r.state == Paused:
		return lookAtRest, o.operator.forgetGone(ctx, r)
	case r.parked > 0 && now-max(r.decision, r.handed) < resumeGrace.Milliseconds():
		return lookAgain, nil
	case r.parked > 0:
		_, err = o.operator.goOn(ctx, user, r.decision, true)
		return lookAgain, err
	case len(r.waits) > 0:
		return lookAtRest, o.operator.forgetGone(ctx, r)
	}
	return 0, nil
}
