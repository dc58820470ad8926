package switchyard

import (
	"time"

	"switchyard/internal/tasks"
)

// The causes with which a handler's context ends, to be found by [errors.Is] in [context.Cause]. With
// another cause the worker stops, or another one may have the task: it runs again and spends no retry.
var (
	// ErrSoftLimit says that the soft time limit has passed. The handler should save its work and
	// return before the hard limit. What it returns then counts as usual.
	ErrSoftLimit = tasks.ErrSoftLimit
	// ErrHardLimit says that the attempt has failed, 400 ms from now at the latest.
	ErrHardLimit = tasks.ErrHardLimit
	// ErrCancelled says that somebody has cancelled the task. The handler has 10 seconds. The task
	// counts as succeeded only if the handler returns without an error.
	ErrCancelled = tasks.ErrCancelled
	// ErrExpired says that the task's deadline has passed. The handler has 10 seconds, as above.
	ErrExpired = tasks.ErrExpired
)

// Permanent marks err as one that no retry can mend. The task goes to the dead letter. Permanent of
// nil is nil.
func Permanent(err error) error { return tasks.Permanent(err) }

// IsPermanent reports whether err, or an error that it wraps, came from [Permanent]. Send returns
// such an error for a task that is refused, and another one if Redis could not be asked.
func IsPermanent(err error) bool { return tasks.IsPermanent(err) }

// RetryAfter marks err to be retried after a delay instead of the policy's. It spends a retry like
// any failure.
func RetryAfter(delay time.Duration, err error) error { return tasks.RetryAfter(delay, err) }

// Parked is the error of a task that is to be set aside, without spending a retry, until somebody
// runs it by hand.
func Parked(reason string) error { return tasks.Parked(reason) }

// ParkedFor is Parked, but the task runs again by itself after a delay.
func ParkedFor(delay time.Duration, reason string) error { return tasks.ParkedFor(delay, reason) }

// Postponed is the error of a task that has to wait for something, and with which nothing is wrong: it
// comes again after a delay, as if it had been scheduled for then, and spends no retry.
func Postponed(delay time.Duration, reason string) error { return tasks.Postponed(delay, reason) }
