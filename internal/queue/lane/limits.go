package lane

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"switchyard/internal/queue/format"
	"switchyard/internal/tasks"
)

const (
	// stopGrace is what the handler of a task that is cancelled, or whose deadline has passed,
	// gets to save its work and return.
	stopGrace = 10 * time.Second
	// cutOffGrace is how long a handler may take to return whose attempt ends in any case, by
	// its hard limit or because another worker may have the task soon, before it is taken to
	// ignore its cancellation.
	cutOffGrace = 400 * time.Millisecond
	// exitGrace is what the handing back of tasks may take at the end of a drain, beyond the
	// grace of their handlers, after which the lane gives up on a Redis that does not answer. Who
	// takes the tasks then is the rescue.
	exitGrace = time.Second
)

// limits are the moments at which something happens to an attempt that has not ended. Zero is
// never. A limit of 0 in a policy is none.
type limits struct {
	timer    *time.Timer
	soft     time.Time // the handler is told to save its work
	hard     time.Time // the attempt fails
	deadline time.Time // the task expires
	giveUp   time.Time // the attempt ends without its handler
}

// next returns the earliest of the limits.
func (l *limits) next() time.Time {
	var first time.Time
	for _, at := range []time.Time{l.soft, l.hard, l.deadline, l.giveUp} {
		if !at.IsZero() && (first.IsZero() || at.Before(first)) {
			first = at
		}
	}
	return first
}

// mostLimit bounds the limits that a task may bring, in milliseconds: a year.
const mostLimit = 365 * 24 * 3600 * 1000

// asynqTimeout is what asynq's client writes where its caller asks for no time limit.
const asynqTimeout = 30 * 60

// watch begins to keep the limits of an attempt. The policy's count; a foreign client may ask
// for less time than that. It returns what has stopped the attempt already, if anything has.
func (a *attempt) watch() error {
	a.mu.Lock()
	defer a.mu.Unlock()
	soft, hard := a.ownLimits()
	if timeout := a.message.Timeout; a.isForeign() && timeout > 0 && timeout < asynqTimeout {
		asked := time.Duration(timeout) * time.Second
		if hard == 0 || asked < hard {
			hard = asked
		}
	}
	if soft > 0 {
		a.limits.soft = a.began.Add(soft)
	}
	if hard > 0 {
		a.limits.hard = a.began.Add(hard)
	}
	a.limits.deadline = a.deadline()
	a.arm()
	a.handled = a.cause == nil
	return a.cause
}

// ownLimits returns the soft and the hard limit of an attempt: the task's own, where it has any, or
// else the policy's.
func (a *attempt) ownLimits() (soft, hard time.Duration) {
	soft, hard = a.policy.SoftLimit, a.policy.HardLimit
	first, second, _ := strings.Cut(a.message.Headers[format.LimitsHeader], ",")
	if ms, err := strconv.ParseInt(first, 10, 64); err == nil && ms > 0 && ms < mostLimit {
		soft = time.Duration(ms) * time.Millisecond
	}
	if ms, err := strconv.ParseInt(second, 10, 64); err == nil && ms > 0 && ms < mostLimit {
		hard = time.Duration(ms) * time.Millisecond
	}
	return soft, hard
}

// arm sets the timer to the next limit. An attempt that has not begun hears of what has stopped
// it as it begins.
func (a *attempt) arm() {
	next := a.limits.next()
	switch {
	case next.IsZero(), a.began.IsZero():
	case a.limits.timer == nil:
		a.limits.timer = time.AfterFunc(time.Until(next), a.due)
	default:
		a.limits.timer.Reset(time.Until(next))
	}
}

// due does what is due by an attempt's limits.
func (a *attempt) due() {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.over {
		return
	}
	now := time.Now()
	is := func(at time.Time) bool { return !at.IsZero() && !now.Before(at) }
	switch l := &a.limits; {
	case is(l.giveUp):
		a.abandon()
		return
	case is(l.deadline):
		a.stopFor(pastDeadline(l.deadline), stopGrace)
		l.deadline = time.Time{}
	case is(l.hard):
		a.stopFor(fmt.Errorf("%w (%s)", tasks.ErrHardLimit, l.hard.Sub(a.began)), cutOffGrace)
		l.hard = time.Time{}
	case is(l.soft):
		l.soft = time.Time{}
		a.cancel(tasks.ErrSoftLimit)
	}
	a.arm()
}

// stop cancels an attempt's handler and ends the attempt once it has returned, or without it
// after the grace. What stops an attempt first decides how it ends; a shorter grace counts.
func (a *attempt) stop(cause error, grace time.Duration) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if !a.over {
		a.stopFor(cause, grace)
		a.arm()
	}
}

func (a *attempt) stopFor(cause error, grace time.Duration) {
	if a.cause == nil {
		a.cause = cause
		a.cancel(cause)
	}
	if at := time.Now().Add(grace); a.limits.giveUp.IsZero() || at.Before(a.limits.giveUp) {
		a.limits.giveUp = at
	}
}

// abandon ends an attempt whose handler runs on, and counts that one until it returns.
func (a *attempt) abandon() {
	a.over = true
	a.lane.Metrics.overdue.WithLabelValues(a.task.Queue, a.kind.label).Inc()
	a.lane.Log.Warn("handler ignores its cancellation and still runs", a.fields()...)
	a.lane.end(a.decide(nil, a.cause))
}

// returned ends an attempt whose handler has returned.
func (a *attempt) returned(value any, err error) {
	result, encodeErr := a.encode(value)
	if err == nil {
		err = encodeErr
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	defer a.cancel(nil)
	if a.over {
		a.lane.Metrics.overdue.WithLabelValues(a.task.Queue, a.kind.label).Dec()
		return
	}
	a.over = true
	if a.limits.timer != nil {
		a.limits.timer.Stop()
	}
	a.lane.end(a.decide(result, a.because(err)))
}

// because returns why an attempt ends whose handler has returned err.
func (a *attempt) because(err error) error {
	switch cause := context.Cause(a.ctx); {
	case a.cause == nil && cause != nil && err != nil && !errors.Is(err, cause) && errors.Is(err, a.ctx.Err()):
		return fmt.Errorf("%w: %w", cause, err) // the soft limit is what the handler saw
	case a.cause == nil:
		return err
	case err == nil && (errors.Is(a.cause, tasks.ErrCancelled) || errors.Is(a.cause, tasks.ErrExpired)):
		return nil // it was done before it heard of it
	}
	return a.cause
}

// isForeign reports whether the task was added by a client that is not ours.
func (a *attempt) isForeign() bool {
	_, ours := a.message.Headers[format.VersionHeader]
	return !ours
}
