package control

import (
	"cmp"
	"context"
	"errors"
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

// BrakeReceipt says what came of a pause.
type BrakeReceipt struct {
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

// Pause puts the brake of a user, or of [Everyone], on and waits until what ran has stopped,
// or for the patience. It asks only the master that has the user's keys, and waits for one
// while there is none. An error beside a receipt that says Changed leaves the brake on.
func (o *Operator) Pause(ctx context.Context, user string, by audit.Actor) (BrakeReceipt, error) {
	began := time.Now()
	patient, cancel := context.WithTimeout(ctx, o.patience())
	defer cancel()
	changed, r, err := o.order(patient, "pull", user, by)
	if err != nil {
		return BrakeReceipt{}, err
	}
	found := r.runs
	if r, err = o.await(patient, r); err == nil && len(r.runs) > 0 {
		var runs []string
		if _, r, runs, err = o.Brake.do(ctx, "overdue", user); err == nil {
			r.runs = pairs(runs)
		}
	}
	receipt := BrakeReceipt{
		User: user, State: r.state, Changed: changed,
		Found: sorted(found), Unconfirmed: sorted(r.runs), Parked: r.parked, Took: time.Since(began),
	}
	if err == nil && user == Everyone {
		receipt.Parked, err = o.parkedOfAll(ctx)
	}
	return receipt, errors.Join(err, ctx.Err(), o.note(ctx, "pause", user, by, changed))
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

// await returns what is known of the user once nothing runs, or ctx has ended.
func (o *Operator) await(ctx context.Context, r reading) (reading, error) {
	var asked time.Time
	for pause := lookFirst; len(r.runs) > 0 && ctx.Err() == nil; pause = min(2*pause, lookEvery) {
		look := o.Brake.look
		if time.Since(asked) > aliveEvery {
			look, asked = o.Brake.lookAlive, time.Now()
		}
		if next, err := look(ctx, r.user); err == nil {
			r = next
		} else if cache.IsFinal(err) {
			return r, err
		}
		if len(r.runs) == 0 {
			break
		}
		select {
		case <-time.After(pause):
		case <-ctx.Done():
		}
	}
	return r, nil
}
