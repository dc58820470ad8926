package control

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"maps"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"go.uber.org/zap"
)

var (
	// ErrPaused is the cause of a run's context once its user's brake is put on, and the error
	// of a run that is not let in.
	ErrPaused = errors.New("the user's agents are paused")
	// ErrResumed is the error of a run that was not let in and may try again.
	ErrResumed = errors.New("the user's agents were paused, and are resumed")
)

const (
	// recheckEvery is how often the brakes of the users with runs here are read, should a
	// message have been missed.
	recheckEvery = time.Second
	// aliveFor is how long a guard counts as alive after its last sign of life. While it has
	// runs it gives one every third of that.
	aliveFor = 15 * time.Second
	// leaveWithin bounds one try to note in Redis that a run has ended.
	leaveWithin = 2 * time.Second
)

// Guard lets runs in and stops those whose user's brake is put on, for one process. It is
// safe for concurrent use. [Guard.Watch] has to run beside it.
type Guard struct {
	brake *Brake
	id    string
	log   *zap.Logger
	count atomic.Int64

	mu      sync.Mutex
	runs    map[string]map[*run]struct{} // by user
	leaving []*run                       // ended, and Redis does not know yet
	alive   time.Time                    // of the last sign of life
}

// NewGuard returns a guard of the runs of this process.
func NewGuard(brake *Brake, log *zap.Logger) *Guard {
	return &Guard{brake: brake, id: rand.Text(), log: log, runs: make(map[string]map[*run]struct{})}
}

// Pass lets one attempt of a run in. Whoever has entered last holds the run: the writes
// of those before are refused where the pass is asked for.
type Pass struct {
	User string
	Task string // queue/id
	// Token is what the user's runs hold for the task as long as the pass is good.
	Token string
	// Keys are the keys of the user's brake and of the user's runs, for a script that
	// acts only if the brake is off, or the pass still good.
	Keys []string
	// Leave ends the run, which the holder of the pass does once. parked says that its task
	// waits for the brake to be released. It reports whether it is in vain to wait, as the
	// brake is off already.
	Leave func(parked bool) (released bool)
}

// run is a run that was let in.
type run struct {
	guard  *Guard
	pass   Pass
	cancel context.CancelCauseFunc
	parked bool
}

// Enter lets a run of a user's task in, named queue/id. Its context ends with the cause
// [ErrPaused] when the brake is put on. The error is ErrPaused if it is on already: the
// task then counts as parked. It is [ErrResumed] if it was on and is off by now.
func (g *Guard) Enter(ctx context.Context, user, task string) (context.Context, Pass, error) {
	inner, cancel := context.WithCancelCause(ctx)
	r := &run{guard: g, cancel: cancel, pass: Pass{
		User: user, Task: task, Token: fmt.Sprintf("%s/%d", g.id, g.count.Add(1)),
		Keys: []string{g.brake.key(user, "brake"), g.brake.key(user, "runs")},
	}}
	r.pass.Leave = r.leave
	entered := false
	err := g.live(ctx)
	if err == nil {
		entered, _, _, err = g.brake.do(ctx, "enter", user, task, r.pass.Token, task)
	}
	if err == nil && entered {
		// First in Redis, then here, then the brakes: whoever pulls one from now on finds the
		// run here, and what was read of it before does not count for this run.
		g.add(r)
		if entered, err = r.enterAmongAll(ctx); err == nil && entered {
			return inner, r.pass, nil
		}
		if released := r.leave(err == nil); released {
			err = ErrResumed
		}
	}
	cancel(nil)
	if err == nil {
		err = ErrPaused
	}
	return nil, Pass{}, err
}

// enterAmongAll lets a run in by everyone's brake as well, and looks at the user's again.
func (r *run) enterAmongAll(ctx context.Context) (bool, error) {
	brake, user := r.guard.brake, r.pass.User
	entered, _, _, err := brake.do(ctx, "enter", Everyone, r.pass.Task, r.amongAll(), user)
	if err != nil || !entered {
		return false, err
	}
	held, err := brake.On(ctx, []string{user})
	return err == nil && !held[0], err
}

// amongAll is what performs the run, and for whom, as the runs of everyone have it.
func (r *run) amongAll() string { return r.pass.Token + " " + r.pass.User }

func (g *Guard) add(r *run) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.runs[r.pass.User] == nil {
		g.runs[r.pass.User] = make(map[*run]struct{})
	}
	g.runs[r.pass.User][r] = struct{}{}
}

func (g *Guard) drop(r *run) {
	g.mu.Lock()
	defer g.mu.Unlock()
	delete(g.runs[r.pass.User], r)
	if len(g.runs[r.pass.User]) == 0 {
		delete(g.runs, r.pass.User)
	}
}

// leave ends a run. While Redis is away the guard keeps in mind to tell it.
func (r *run) leave(parked bool) (released bool) {
	r.cancel(nil)
	r.parked = parked
	r.guard.drop(r)
	ctx, cancel := context.WithTimeout(context.Background(), leaveWithin)
	defer cancel()
	held, err := r.tell(ctx)
	if err != nil {
		r.guard.mu.Lock()
		r.guard.leaving = append(r.guard.leaving, r)
		r.guard.mu.Unlock()
		return false
	}
	return parked && !held
}

// tell notes in Redis that a run has ended, and reports whether a brake was on then. A release
// that comes after this finds the task among the parked ones.
func (r *run) tell(ctx context.Context) (held bool, err error) {
	parks := 0
	if r.parked {
		parks = 1
	}
	pass := r.pass
	_, own, _, err := r.guard.brake.do(ctx, "leave", pass.User, pass.Task, pass.Token, pass.Task, parks)
	if err != nil {
		return false, err
	}
	_, everyone, _, err := r.guard.brake.do(ctx, "leave", Everyone, pass.Task, r.amongAll(), pass.User, parks)
	return own.state.On() || everyone.state.On(), err
}

// stop cancels the runs of users whose brake is on; those of all users if none are given.
// A run let in while the brakes are read is not touched: the brake it came by is newer.
func (g *Guard) stop(ctx context.Context, users ...string) error {
	runs := g.present(users)
	if len(runs) == 0 {
		return nil
	}
	users = slices.Collect(maps.Keys(runs))
	held, err := g.brake.On(ctx, users)
	if err != nil {
		return err
	}
	for i, user := range users {
		if !held[i] {
			continue
		}
		for _, r := range runs[user] {
			r.cancel(ErrPaused)
		}
	}
	return nil
}

// present returns the runs of some users by user; those of all users if none are given.
func (g *Guard) present(users []string) map[string][]*run {
	g.mu.Lock()
	defer g.mu.Unlock()
	if len(users) == 0 {
		users = slices.Collect(maps.Keys(g.runs))
	}
	present := make(map[string][]*run)
	for _, user := range users {
		if runs := g.runs[user]; len(runs) > 0 {
			present[user] = slices.Collect(maps.Keys(runs))
		}
	}
	return present
}

// Words say what stops a user's agents now, "" if nothing does or Redis does not answer.
func (g *Guard) Words(ctx context.Context, user string) string {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), leaveWithin)
	defer cancel()
	stops, err := g.brake.Stops(ctx, []string{user})
	if err != nil {
		return ""
	}
	return Words(stops[0])
}
