package remote

import (
	"context"
	"errors"
	"fmt"
	"time"

	"switchyard/internal/control"
	"switchyard/internal/tasks"
)

const (
	// brakedFor is after how long a task of a user who is paused asks for the brake by itself.
	brakedFor = 5 * time.Minute
	// resumedFor is after how long a task goes on whose user was resumed while it stopped.
	resumedFor = 100 * time.Millisecond
)

// perform is the handler of a kind. Tasks of agents go by the brake of their user.
func (r *Remote) perform(ctx context.Context, t *tasks.Task, k Kind) (any, error) {
	user := ""
	if brakedKind(t.Kind) {
		user = tasks.UserOf(t.Payload)
	}
	if user == "" {
		return r.attempt(ctx, t, k, "")
	}
	braked, pass, err := r.Brake.Enter(ctx, user, nameOf(t).String())
	switch {
	case errors.Is(err, control.ErrPaused):
		return r.stop(ctx, t, user)
	case errors.Is(err, control.ErrResumed):
		return nil, resumed(user)
	case err != nil:
		return nil, fmt.Errorf("%s: %w", t.Kind, err)
	}
	value, err := r.attempt(braked, t, k, user)
	stopped := tasks.IsParked(err) && errors.Is(context.Cause(braked), control.ErrPaused)
	released := pass.Leave(stopped)
	switch {
	case released:
		return nil, resumed(user)
	case stopped:
		return r.stop(ctx, t, user)
	}
	return value, err
}

// stop has Celery's worker end what it performs for a user who is paused, and parks the task until the
// user is resumed: another attempt is sent then. A result that is there already still counts.
func (r *Remote) stop(ctx context.Context, t *tasks.Task, user string) (any, error) {
	was, err := r.calls.load(ctx, nameOf(t))
	if err != nil {
		return nil, tasks.ParkedFor(tryAfter, err.Error())
	}
	if was.underway(t.Run) {
		if v, err := r.look(ctx, was.call); err == nil && v.is == succeeded {
			return value(v), nil
		}
		if err := r.revoke(ctx, was.call); err != nil {
			return nil, tasks.ParkedFor(tryAfter, err.Error())
		}
		if err := r.close(ctx, t, was, braked, control.ErrPaused); tasks.IsParked(err) {
			return nil, err
		}
	}
	words := r.Brake.Words(ctx, user)
	if words == "" {
		words = fmt.Sprintf("the agents of %s were paused", user)
	}
	return nil, tasks.ParkedFor(brakedFor, words)
}

// resumed lets a task of a user who was paused try again.
func resumed(user string) error {
	return tasks.ParkedFor(resumedFor, fmt.Sprintf("the agents of %s were paused and resumed", user))
}
