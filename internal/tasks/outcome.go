package tasks

import (
	"errors"
	"fmt"
	"time"
)

// Outcome says what becomes of a task after an attempt.
type Outcome string

// The outcomes of an attempt.
const (
	OutcomeSucceeded Outcome = "succeeded" // done, the result is kept
	OutcomeRetried   Outcome = "retried"   // failed, another attempt follows
	OutcomeDead      Outcome = "dead"      // failed for good: in the dead letter
	OutcomeParked    Outcome = "parked"    // set aside, no retry spent
	OutcomePostponed Outcome = "postponed" // comes again at its time, no retry spent, nothing is wrong
	OutcomeExpired   Outcome = "expired"   // its time was over, before it was begun or while it ran: in the dead letter
	OutcomeCancelled Outcome = "cancelled" // somebody has cancelled it: in the dead letter
	// HandedBack is an attempt cut off by its worker stopping: back in its queue.
	OutcomeHandedBack Outcome = "handed_back"
	// CutOff is an attempt whose worker lost its lease, or could not renew it because
	// Redis was out of reach: the task runs again.
	OutcomeCutOff Outcome = "cut_off"
)

// Outcomes are all of them.
var Outcomes = []Outcome{OutcomeSucceeded, OutcomeRetried, OutcomeDead, OutcomeParked, OutcomePostponed, OutcomeExpired, OutcomeCancelled, OutcomeHandedBack, OutcomeCutOff}

// ErrSoftLimit is the cause of a handler's context once its soft time limit has
// passed. The handler should save its work and return before the hard limit.
var ErrSoftLimit = errors.New("soft time limit passed")

// ErrExpired says that the time of a task is over: it has waited longer than it may, or its
// deadline has passed. It is the cause of a handler's context at the deadline. No retry mends
// that.
var ErrExpired = errors.New("expired")

// ErrCancelled is the cause of a handler's context once somebody has cancelled the task. The
// handler should save its work and return within seconds. The task is not run again; only if
// the handler returns without an error it counts as succeeded.
var ErrCancelled = errors.New("cancelled")

// ErrHardLimit ends an attempt whose handler has not returned by its hard time limit.
var ErrHardLimit = errors.New("hard time limit passed")

type permanentError struct{ err error }

func (e *permanentError) Error() string { return e.err.Error() }
func (e *permanentError) Unwrap() error { return e.err }

// Permanent marks err as one that no retry can mend. The task goes to the dead letter.
// Permanent(nil) is nil.
func Permanent(err error) error {
	if err == nil {
		return nil
	}
	return &permanentError{err}
}

// IsPermanent reports whether err, or an error it wraps, came from [Permanent].
func IsPermanent(err error) bool {
	var p *permanentError
	return errors.As(err, &p)
}

type retryAfterError struct {
	delay time.Duration
	err   error
}

func (e *retryAfterError) Error() string { return e.err.Error() }
func (e *retryAfterError) Unwrap() error { return e.err }

// RetryAfter marks err to be retried after delay instead of the policy's delay. It
// spends a retry like any failure.
func RetryAfter(delay time.Duration, err error) error {
	return &retryAfterError{delay, err}
}

// RetryDelay returns the delay given to [RetryAfter] and true, or false if err asks
// for none.
func RetryDelay(err error) (time.Duration, bool) {
	var r *retryAfterError
	if errors.As(err, &r) {
		return r.delay, true
	}
	return 0, false
}

type parkedError struct {
	reason  string
	delay   time.Duration
	awaited bool
}

func (e *parkedError) Error() string { return fmt.Sprintf("parked: %s", e.reason) }

// Parked sets the task aside without spending a retry until somebody runs it by hand.
func Parked(reason string) error { return &parkedError{reason: reason} }

// ParkedFor is Parked, but the task runs again by itself after a delay.
func ParkedFor(delay time.Duration, reason string) error {
	return &parkedError{reason: reason, delay: delay}
}

// AwaitedFor is ParkedFor for a task that somebody else performs meanwhile: nothing is wrong with it.
func AwaitedFor(delay time.Duration, reason string) error {
	return &parkedError{reason: reason, delay: delay, awaited: true}
}

// IsAwaited reports whether err came from [AwaitedFor].
func IsAwaited(err error) bool {
	var p *parkedError
	return errors.As(err, &p) && p.awaited
}

// IsParked reports whether err came from [Parked] or [ParkedFor].
func IsParked(err error) bool {
	var p *parkedError
	return errors.As(err, &p)
}

// ParkedDelay returns the delay given to [ParkedFor] and true, or false if err has none.
func ParkedDelay(err error) (time.Duration, bool) {
	var p *parkedError
	if errors.As(err, &p) && p.delay > 0 {
		return p.delay, true
	}
	return 0, false
}

type postponedError struct {
	reason string
	delay  time.Duration
}

func (e *postponedError) Error() string { return e.reason }

// Postponed has the task come again after a delay, as if it had been scheduled for then: it had to
// wait for something, nothing is wrong with it, and no retry is spent.
func Postponed(delay time.Duration, reason string) error {
	return &postponedError{reason, delay}
}

// PostponedDelay returns the delay given to [Postponed] and true, or false if err is none of its.
func PostponedDelay(err error) (time.Duration, bool) {
	var p *postponedError
	if errors.As(err, &p) {
		return p.delay, true
	}
	return 0, false
}

// Unparked is what became of a parked task that was to be run.
type Unparked int

// What can become of it.
const (
	NotParked   Unparked = iota // it is gone, waits already, or was set aside by nobody
	GoesOn                      // it is the next to run
	StillEnding                 // its last attempt has not ended yet
)
