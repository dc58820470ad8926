package control

import (
	"cmp"
	"context"
	"maps"
	"slices"
	"strings"
	"time"
)

// DefaultPatience is how long [Operator.Pause] waits for runs to stop.
const DefaultPatience = 30 * time.Second

// lookEvery is how often it looks for what has not been told.
const lookEvery = 50 * time.Millisecond

// Runner runs a parked task at once.
type Runner interface {
	// Unpark runs a task of a queue that is parked, and reports whether it may be
	// forgotten: it runs, waits, or is gone. One whose attempt has not ended yet may not.
	Unpark(ctx context.Context, queue, id string) (bool, error)
}

// Operator pauses and resumes users for somebody who wants to know what came of it. It is
// safe for concurrent use.
type Operator struct {
	Brake    *Brake
	Bus      *Bus
	Runner   Runner
	Patience time.Duration // 0: [DefaultPatience]
}

// Receipt says what came of a pause.
type Receipt struct {
	User  string `json:"user"`
	State State  `json:"state"`
	// Changed is whether the brake was off.
	Changed bool `json:"changed"`
	// Found are the tasks that ran, as queue/id, and Unconfirmed those of them that did
	// not stop in time.
	Found       []string `json:"found"`
	Unconfirmed []string `json:"unconfirmed"`
	// Parked is how many tasks wait for the brake to be released.
	Parked int64         `json:"parked"`
	Took   time.Duration `json:"took"`
}

// Pause puts a user's brake on and waits until what ran has stopped, or for the patience.
func (o *Operator) Pause(ctx context.Context, user string) (Receipt, error) {
	began := time.Now()
	changed, s, err := o.Brake.Pull(ctx, user, 0)
	if err != nil {
		return Receipt{}, err
	}
	found := s.Runs
	s, err = o.await(ctx, s, o.patience())
	if err == nil && len(s.Runs) > 0 {
		s, err = o.Brake.overdue(ctx, user)
	}
	return Receipt{
		User: user, State: s.State, Changed: changed,
		Found: sorted(found), Unconfirmed: sorted(s.Runs), Parked: s.Parked, Took: time.Since(began),
	}, err
}

func sorted(runs map[string]string) []string {
	return append([]string{}, slices.Sorted(maps.Keys(runs))...)
}

func (o *Operator) patience() time.Duration { return cmp.Or(o.Patience, DefaultPatience) }

// await returns the status once nothing runs, or the patience is over.
func (o *Operator) await(ctx context.Context, s BrakeStatus, patience time.Duration) (BrakeStatus, error) {
	told, err := o.Bus.Subscribe(ctx, Status, s.User)
	if err != nil {
		return s, err
	}
	defer func() { _ = told.Close() }()
	waiting, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	for len(s.Runs) > 0 && waiting.Err() == nil {
		if s, err = o.Brake.lookAlive(ctx, s.User); err != nil || len(s.Runs) == 0 {
			return s, err
		}
		next, stop := context.WithTimeout(waiting, lookEvery)
		_, _ = told.Receive(next) // or it is time to look
		stop()
	}
	return s, ctx.Err()
}

// overdue notes that some runs have not stopped in time.
func (b *Brake) overdue(ctx context.Context, user string) (BrakeStatus, error) {
	_, s, runs, err := b.do(ctx, "overdue", user)
	return s.withRuns(runs), err
}

// lookAlive is [Brake.Look] without the runs of processes that are gone. Their tasks are
// rescued, and asked for the brake again then.
func (b *Brake) lookAlive(ctx context.Context, user string) (BrakeStatus, error) {
	s, err := b.Look(ctx, user)
	if err != nil {
		return s, err
	}
	gone := false
	for task, who := range s.Runs {
		guard, _, _ := strings.Cut(who, "/")
		alive, err := b.client.Exists(ctx, b.aliveKey(guard)).Result()
		if err != nil {
			return s, err
		}
		if alive == 0 {
			gone = true
			if _, _, _, err := b.do(ctx, "leave", user, task, who, 1); err != nil {
				return s, err
			}
		}
	}
	if !gone {
		return s, nil
	}
	return b.Look(ctx, user)
}

// unparkWithin bounds how long a resume waits for tasks whose attempts are just ending.
const unparkWithin = 5 * time.Second

// Resume takes a user's brake off and runs the parked tasks at once. It reports whether
// the brake was on, and which tasks go on. Those that could not be run are tried again by
// themselves within minutes.
func (o *Operator) Resume(ctx context.Context, user string) (changed bool, resumed []string, err error) {
	changed, parked, err := o.Brake.Release(ctx, user, 0)
	if err != nil {
		return false, nil, err
	}
	resumed, err = o.unpark(ctx, user, parked)
	return changed, resumed, err
}

// Continue runs a task of a user that was set aside at once, named queue/id. It reports
// whether the task goes on: one whose attempt is only just ending may be too late.
func (o *Operator) Continue(ctx context.Context, user, task string) (bool, error) {
	resumed, err := o.unpark(ctx, user, []string{task})
	return len(resumed) > 0, err
}

// unpark runs parked tasks of a user and returns those that go on.
func (o *Operator) unpark(ctx context.Context, user string, parked []string) (resumed []string, err error) {
	for deadline := time.Now().Add(unparkWithin); len(parked) > 0; {
		done, ending, err := o.runParked(ctx, parked)
		if err != nil {
			return resumed, err
		}
		args := make([]any, len(done))
		for i, task := range done {
			args[i] = task
		}
		if _, _, _, err := o.Brake.do(ctx, "unpark", user, args...); err != nil {
			return resumed, err
		}
		resumed = append(resumed, done...)
		if parked = ending; len(parked) == 0 || time.Now().After(deadline) {
			return resumed, nil
		}
		select {
		case <-time.After(lookEvery):
		case <-ctx.Done():
			return resumed, ctx.Err()
		}
	}
	return resumed, nil
}

// runParked runs tasks and returns those that need no more running, and those whose last
// attempt has not ended yet.
func (o *Operator) runParked(ctx context.Context, parked []string) (done, ending []string, err error) {
	for _, task := range parked {
		queue, id, _ := strings.Cut(task, "/")
		ok, err := o.Runner.Unpark(ctx, queue, id)
		if err != nil {
			return nil, nil, err
		}
		if ok {
			done = append(done, task)
		} else {
			ending = append(ending, task)
		}
	}
	return done, ending, nil
}
