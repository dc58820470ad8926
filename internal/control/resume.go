package control

import (
	"context"
	"errors"
	"strings"
	"time"

	"switchyard/internal/audit"
	"switchyard/internal/tasks"
)

const (
	// perTake is how many parked tasks are handed out at once.
	perTake = 100
	// unparkWithin bounds how long a resume waits for tasks whose attempts are just ending.
	// What is left then is for the overseers.
	unparkWithin = 5 * time.Second
)

// Resumed says what came of a resume.
type Resumed struct {
	User string `json:"user"`
	// Changed is whether the brake was on.
	Changed bool `json:"changed"`
	// Tasks go on, as queue/id.
	Tasks []string `json:"tasks"`
	// Stops are what still stops the user.
	Stops []Stop `json:"stops,omitempty"`
}

// Resume takes the brake of a user, or of [Everyone], off and runs the parked tasks at once;
// those of everyone but for users whose own brake is on. Tasks that could not be run are run
// by a worker's overseer.
func (o *Operator) Resume(ctx context.Context, user string, by audit.Actor) (Resumed, error) {
	patient, cancel := context.WithTimeout(ctx, o.patience())
	defer cancel()
	changed, r, err := o.order(patient, "release", user, by)
	if err != nil {
		return Resumed{}, err
	}
	resumed := Resumed{User: user, Changed: changed, Tasks: []string{}}
	// What is parked also goes on if the brake was off: whoever took it off may be gone.
	some, err := o.goOn(ctx, user, r.decision, !changed)
	resumed.Tasks = append(resumed.Tasks, some...)
	if stops, stopsErr := o.Brake.Stops(ctx, []string{user}); stopsErr == nil {
		resumed.Stops = stops[0]
	}
	return resumed, errors.Join(err, o.note(ctx, "resume", user, by, changed))
}

// goOn has what is parked go on, as far and as long as the decision of that number stands,
// and returns the tasks that do. again begins with what somebody was about to run before.
//
// Each parked task is handed out once. So of any number who do this at the same time each
// runs others, and one that is parked again meanwhile is not forgotten.
func (o *Operator) goOn(ctx context.Context, user string, decision int64, again bool) (resumed []string, err error) {
	for {
		if held, err := o.heldByAll(ctx, user); err != nil || held {
			return resumed, err
		}
		stands, _, members, err := o.Brake.do(ctx, "take", user, decision, perTake, map[bool]int{true: 1}[again])
		if err != nil || !stands {
			return resumed, err
		}
		if len(members) == 0 && !again {
			return resumed, nil
		}
		again = false
		some, err := o.goOnWith(ctx, user, decision, members)
		resumed = append(resumed, some...)
		if err != nil {
			return resumed, err
		}
	}
}

// heldByAll reports whether everyone's brake stops a user. What is parked of theirs then waits
// for that one.
func (o *Operator) heldByAll(ctx context.Context, user string) (bool, error) {
	if user == Everyone {
		return false, nil
	}
	held, _, _, err := o.Brake.do(ctx, "hold", Everyone, user)
	return held, err
}

// goOnWith has some that were handed out go on: tasks, or users of whom some are parked.
func (o *Operator) goOnWith(ctx context.Context, user string, decision int64, members []string) ([]string, error) {
	if user != Everyone {
		return o.runParked(ctx, user, decision, members)
	}
	var resumed []string
	for _, one := range members {
		r, err := o.Brake.look(ctx, one)
		if err == nil {
			var some []string
			some, err = o.goOn(ctx, one, r.decision, false)
			resumed = append(resumed, some...)
		}
		if err == nil {
			_, _, _, err = o.Brake.do(ctx, "settled", Everyone, one)
		}
		if err != nil {
			return resumed, err
		}
	}
	return resumed, nil
}

// runParked runs tasks that were handed out and returns those that go on. It asks again for
// those whose last attempt is just ending.
func (o *Operator) runParked(ctx context.Context, user string, decision int64, names []string) (resumed []string, err error) {
	for deadline := time.Now().Add(unparkWithin); len(names) > 0; {
		var settled, ending []string
		for _, name := range names {
			fate, err := o.unpark(ctx, name)
			if err != nil {
				return resumed, err
			}
			switch fate {
			case tasks.StillEnding:
				ending = append(ending, name)
				continue
			case tasks.GoesOn:
				resumed = append(resumed, name)
			}
			settled = append(settled, name)
		}
		if _, _, _, err := o.Brake.do(ctx, "settled", user, list(settled)...); err != nil {
			return resumed, err
		}
		if names = ending; len(names) == 0 || time.Now().After(deadline) {
			return resumed, nil
		}
		select {
		case <-time.After(lookEvery):
		case <-ctx.Done():
			return resumed, ctx.Err()
		}
		if stands, _, _, err := o.Brake.do(ctx, "take", user, decision, 0, 0); err != nil || !stands {
			return resumed, err
		}
	}
	return resumed, nil
}

func (o *Operator) unpark(ctx context.Context, name string) (tasks.Unparked, error) {
	queue, id, _ := strings.Cut(name, "/")
	return o.Runner.Unpark(ctx, queue, id)
}

// Continue runs a task that waited for a person, named queue/id, at once. It reports whether
// the task goes on: one whose attempt is only just ending may be too late.
func (o *Operator) Continue(ctx context.Context, name string) (bool, error) {
	for deadline := time.Now().Add(unparkWithin); ; {
		fate, err := o.unpark(ctx, name)
		if err != nil || fate != tasks.StillEnding || time.Now().After(deadline) {
			return fate == tasks.GoesOn, err
		}
		select {
		case <-time.After(lookEvery):
		case <-ctx.Done():
			return false, ctx.Err()
		}
	}
}
