package control

import (
	"context"
	"strings"

	"github.com/redis/go-redis/v9"
)

// aliveKey is the key that exists while a guard does.
func (b *Brake) aliveKey(guard string) string { return b.prefix + "guard:" + guard }

// lookAlive is [Brake.look] without the runs of processes that are gone. Their tasks are
// rescued, and asked for the brake again then.
func (b *Brake) lookAlive(ctx context.Context, user string) (reading, error) {
	r, err := b.look(ctx, user)
	if err != nil {
		return r, err
	}
	guards := make(map[string]*redis.IntCmd)
	// In a cluster they are elsewhere. One that cannot be asked for is taken to live.
	_, _ = b.client.Pipelined(ctx, func(p redis.Pipeliner) error {
		for _, who := range r.runs {
			guard, _, _ := strings.Cut(who, "/")
			if guards[guard] == nil {
				guards[guard] = p.Exists(ctx, b.aliveKey(guard))
			}
		}
		return nil
	})
	gone := false
	for task, who := range r.runs {
		guard, rest, _ := strings.Cut(who, "/")
		if alive, err := guards[guard].Result(); err != nil || alive == 1 {
			continue
		}
		gone = true
		member := task
		if user == Everyone {
			_, member, _ = strings.Cut(rest, " ")
		}
		if _, _, _, err := b.do(ctx, "leave", user, task, who, member, 1); err != nil {
			return r, err
		}
	}
	if !gone {
		return r, nil
	}
	return b.look(ctx, user)
}

// Status returns what is known of a user, or of [Everyone], after it has forgotten the tasks
// that are gone.
func (o *Operator) Status(ctx context.Context, user string) (BrakeStatus, error) {
	r, err := o.Brake.lookAlive(ctx, user)
	if err != nil {
		return BrakeStatus{}, err
	}
	if err := o.forgetGone(ctx, r); err != nil {
		return BrakeStatus{}, err
	}
	return o.Brake.Look(ctx, user)
}

// forgetGone forgets the tasks of a user that wait, are parked or were said to run, and are
// over or were removed by hand.
func (o *Operator) forgetGone(ctx context.Context, r reading) error {
	if r.user == Everyone {
		return nil // it knows users
	}
	_, _, names, err := o.Brake.do(ctx, "list", r.user)
	if err != nil {
		return err
	}
	for task := range r.waits {
		names = append(names, task)
	}
	gone, err := o.Runner.Gone(ctx, names)
	for ; err == nil && len(gone) > 0; gone = gone[min(len(gone), perTake):] {
		_, _, _, err = o.Brake.do(ctx, "forget", r.user, list(gone[:min(len(gone), perTake)])...)
	}
	return err
}

// list returns names as arguments of a script.
func list(names []string) []any {
	all := make([]any, len(names))
	for i, name := range names {
		all[i] = name
	}
	return all
}
