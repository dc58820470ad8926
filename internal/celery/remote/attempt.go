package remote

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/google/uuid"
	"go.uber.org/zap"

	"switchyard/internal/celery/broker"
	"switchyard/internal/tasks"
)

const (
	// grace is how long a result may be late: the hard limit of an attempt is kept by Celery's worker,
	// which has to begin it first.
	grace = time.Minute
	// tryAfter is after how long it is tried again what a Redis did not take.
	tryAfter = 15 * time.Second
	// lookAfter is after how long a task looks for its result by itself, should nobody have run it.
	lookAfter = 10 * time.Minute
)

// nameOf returns the name of an attempt's task.
func nameOf(t *tasks.Task) tasks.Name { return tasks.Name{Queue: t.Queue, ID: t.ID} }

// attempt goes on with an attempt: it reads the result that there is, or sees to it that there will be
// one and parks.
func (r *Remote) attempt(ctx context.Context, t *tasks.Task, k Kind, user string) (any, error) {
	was, err := r.calls.load(ctx, nameOf(t))
	switch {
	case err != nil:
		return nil, tasks.ParkedFor(tryAfter, err.Error())
	case was.underway(t.Run) && was.Sent:
		return r.settle(ctx, t, was)
	case was.underway(t.Run):
		return nil, r.send(ctx, t, k, was)
	case was.tells(t):
		return nil, was.Over.err()
	case was.ID != "" && was.Over == nil: // an earlier task of this ID is gone, and what it called is not
		if err := r.revoke(ctx, was.call); err != nil {
			return nil, tasks.ParkedFor(tryAfter, err.Error())
		}
	}
	next, err := r.calls.replace(ctx, nameOf(t), was, newCall(t, user))
	if err != nil {
		return nil, tasks.ParkedFor(tryAfter, err.Error())
	}
	return nil, r.send(ctx, t, k, next)
}

// tagSpace is the namespace of the delivery tags of what is sent from here.
var tagSpace = uuid.NewSHA1(uuid.NameSpaceURL, []byte("switchyard:celery:call"))

// send sends the message of a call, once however often it is called, and parks the task.
func (r *Remote) send(ctx context.Context, t *tasks.Task, k Kind, was kept) error {
	next := was.call
	expires := t.Deadline
	if t.HardLimit > 0 {
		due := time.Now().Add(t.HardLimit + grace)
		next.Due = due.UnixMilli()
		if expires.IsZero() || due.Before(expires) {
			expires = due // nobody waits for it then
		}
	}
	m, err := k.message(t, next, expires)
	if err != nil {
		return r.close(ctx, t, was, hopeless, err)
	}
	r.ear.listen(ctx, next, nameOf(t))
	list := r.Broker.List(m.RoutingKey, m.Priority)
	push := broker.Push{Mark: next.ID, List: list, Text: m.Encode(uuid.NewSHA1(tagSpace, []byte(next.ID)).String())}
	bounded, cancel := context.WithTimeout(ctx, within)
	defer cancel()
	if _, err := r.Broker.Push(bounded, push); err != nil {
		return tasks.ParkedFor(tryAfter, fmt.Sprintf("not sent to Celery yet: %v", err))
	}
	next.Sent = true
	if _, err := r.calls.replace(ctx, nameOf(t), was, next); err != nil {
		return tasks.ParkedFor(tryAfter, err.Error())
	}
	return r.park(t, next, k.Queue)
}

// park sets the task aside until there is a result, or it has been waited for long enough.
func (r *Remote) park(t *tasks.Task, c call, queue string) error {
	wait := lookAfter
	for _, until := range []time.Time{c.due(), t.Deadline} {
		if !until.IsZero() {
			wait = min(wait, time.Until(until))
		}
	}
	return tasks.AwaitedFor(max(wait, time.Second), fmt.Sprintf("a worker of Celery performs it: task %s of queue %s", c.ID, queue))
}

// settle ends an attempt by its result, or parks the task again if there is none yet.
func (r *Remote) settle(ctx context.Context, t *tasks.Task, was kept) (any, error) {
	v, err := r.look(ctx, was.call)
	if err != nil {
		return nil, tasks.ParkedFor(tryAfter, err.Error())
	}
	due := was.due()
	switch {
	case v.is == succeeded:
		return value(v), nil
	case v.is == expired && !t.Deadline.IsZero() && !time.Now().Before(t.Deadline):
		return nil, fmt.Errorf("%w: %s", tasks.ErrExpired, v.says)
	case v.is == expired:
		return nil, r.close(ctx, t, was, failed, errors.New(v.says))
	case v.is == revoked && r.revoking.has(ctx, was.ID): // by us, and whoever did it was killed
		if err := r.close(ctx, t, was, braked, errors.New(v.says)); tasks.IsParked(err) {
			return nil, err
		}
		return nil, tasks.ParkedFor(time.Second, v.says)
	case v.is == revoked:
		return nil, r.close(ctx, t, was, cancelled, errors.New(v.says))
	case v.is == unfit:
		return nil, r.close(ctx, t, was, hopeless, errors.New(v.says))
	case v.is == raised:
		return nil, r.close(ctx, t, was, failed, errors.New(v.says))
	case !due.IsZero() && !time.Now().Before(due):
		return nil, r.giveUp(ctx, t, was)
	}
	r.ear.listen(ctx, was.call, nameOf(t))
	return nil, r.park(t, was.call, r.kinds[t.Kind].Queue)
}

// giveUp ends an attempt that brings no result in time. It is revoked before another one is sent.
func (r *Remote) giveUp(ctx context.Context, t *tasks.Task, was kept) error {
	if err := r.revoke(ctx, was.call); err != nil {
		return tasks.ParkedFor(tryAfter, err.Error())
	}
	return r.close(ctx, t, was, failed, fmt.Errorf(
		"no result of task %s of Celery within %s and %s beyond: see that workers take the queue %s, and that the task keeps its result",
		was.ID, t.HardLimit, grace, r.kinds[t.Kind].Queue))
}

// maxError bounds the error that is kept of a call, in bytes.
const maxError = 2000

// close ends a call and returns the error of its attempt.
func (r *Remote) close(ctx context.Context, t *tasks.Task, was kept, how ended, why error) error {
	next := was.call
	next.Over = &over{Error: clip(why.Error(), maxError), Ended: how, Attempt: t.Attempt, Losses: t.Losses}
	if _, err := r.calls.replace(ctx, nameOf(t), was, next); err != nil {
		r.Log.Warn("the end of an attempt by Celery is not noted: it is tried again", zap.String("id", t.ID), zap.Error(err))
		return tasks.ParkedFor(tryAfter, err.Error())
	}
	return next.Over.err()
}
