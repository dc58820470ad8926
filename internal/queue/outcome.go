package queue

import (
	"errors"
	"fmt"
	"time"

	"github.com/hibiken/asynq"

	"switchyard/internal/redact"
	"switchyard/internal/routing"
	"switchyard/internal/tasks"
)

// newerVersionDelay is how long a task of a later version is left to newer workers
// before this one would look at it again.
const newerVersionDelay = 15 * time.Second

// newerVersionError sets a task aside for a worker that knows its version.
type newerVersionError struct{ kind, has, knows string }

func (e *newerVersionError) Error() string {
	return fmt.Sprintf("%s: payload version %s is later than this worker's %s: upgrade the workers", e.kind, e.has, e.knows)
}

// parkedDelay keeps a parked task in the retry set until somebody runs it by hand.
const parkedDelay = 10 * 365 * 24 * time.Hour

// isFailure tells asynq whether an error spends a retry.
func isFailure(err error) bool {
	var newer *newerVersionError
	return !tasks.IsParked(err) && !errors.As(err, &newer) && !isCutOff(err)
}

// isCutOff reports whether an attempt ended because another worker may have the task, or
// will.
func isCutOff(err error) bool {
	return errors.Is(err, ErrFenced) || errors.Is(err, ErrLeaseLost) || errors.Is(err, errExit)
}

// delay decides when an attempt follows one that failed with err. retried is the number
// of retries spent before this failure.
func (l *Lane) delay(retried int, kind string, err error) time.Duration {
	var newer *newerVersionError
	switch {
	case errors.As(err, &newer):
		return newerVersionDelay
	case tasks.IsParked(err):
		if d, ok := tasks.ParkedDelay(err); ok {
			return d
		}
		return parkedDelay
	case isCutOff(err):
		return 0
	}
	if d, ok := tasks.RetryDelay(err); ok {
		return max(d, 0)
	}
	route, routeErr := l.client.table.Route(kind)
	if routeErr != nil {
		return routing.DefaultPolicy.RetryDelay
	}
	return route.Policy.Delay(retried + 1)
}

// delayed is a failure and when its retry is due.
type delayed struct {
	error
	at time.Time
}

func (d delayed) Unwrap() error { return d.error }

// retryDelay is asynq's RetryDelayFunc. asynq also asks it about attempts that it ended
// itself, by a deadline or a cancellation.
func (l *Lane) retryDelay(retried int, err error, t *asynq.Task) time.Duration {
	var d delayed
	if errors.As(err, &d) {
		return time.Until(d.at)
	}
	return l.delay(retried, t.Type(), err)
}

// discreetError is an error that does not say the secrets in it: its text goes to Redis.
type discreetError struct{ error }

func (e discreetError) Error() string { return redact.Process.Text(e.error.Error()) }
func (e discreetError) Unwrap() error { return e.error }

func discreet(err error) error {
	if err == nil {
		return nil
	}
	return discreetError{err}
}

// settle decides what becomes of the task, and says it in the error asynq gets.
func settle(task *tasks.Task, err error) (tasks.Outcome, error) {
	var newer *newerVersionError
	switch {
	case err == nil:
		return tasks.Succeeded, nil
	case errors.Is(err, ErrHandedBack):
		return tasks.HandedBack, err
	case isCutOff(err):
		return tasks.CutOff, err
	case tasks.IsParked(err), errors.As(err, &newer):
		return tasks.SetAside, err
	case errors.Is(err, tasks.ErrExpired):
		return tasks.Expired, skipRetry{err}
	case tasks.IsPermanent(err):
		return tasks.Dead, skipRetry{err}
	case task.Last:
		return tasks.Dead, skipRetry{fmt.Errorf("attempt %d, the last: %w", task.Attempt, err)}
	}
	return tasks.Retried, err
}

// skipRetry sends a task to the dead letter without asynq's own words in its reason.
type skipRetry struct{ error }

func (e skipRetry) Is(target error) bool { return target == asynq.SkipRetry }
func (e skipRetry) Unwrap() error        { return e.error }
