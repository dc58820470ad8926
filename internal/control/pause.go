package control

import (
	"context"
	"errors"
	"time"

	"switchyard/internal/audit"
	"switchyard/internal/cache"
)

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
