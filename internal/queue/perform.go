package queue

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"runtime/debug"
	"strconv"
	"time"

	"github.com/cenkalti/backoff/v5"
	"github.com/hibiken/asynq"
	"go.uber.org/zap"

	"switchyard/internal/routing"
	"switchyard/internal/tasks"
)

// ErrHandedBack is the cause of a handler's context when its worker stops before it is
// done: the task is on its way back to the queue.
var ErrHandedBack = errors.New("worker stops: task handed back")

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
	return !tasks.IsParked(err) && !errors.As(err, &newer)
}

// retryDelay is asynq's RetryDelayFunc: the one place that decides when an attempt
// follows a failed one. retried is the number of retries spent before this failure.
func (l *Lane) retryDelay(retried int, err error, t *asynq.Task) time.Duration {
	var newer *newerVersionError
	if errors.As(err, &newer) {
		return newerVersionDelay
	}
	if tasks.IsParked(err) {
		return parkedDelay
	}
	if d, ok := tasks.RetryDelay(err); ok {
		return max(d, 0)
	}
	route, routeErr := l.client.table.Route(t.Type())
	if routeErr != nil {
		return routing.DefaultPolicy.RetryDelay
	}
	return route.Policy.Delay(retried + 1)
}

// perform runs one attempt and tells asynq its outcome.
func (l *Lane) perform(ctx context.Context, t *asynq.Task) error {
	l.running.Add(1)
	defer l.running.Done()
	started := time.Now()
	task := &tasks.Task{Kind: t.Type(), Payload: t.Payload()}
	task.ID, _ = asynq.GetTaskID(ctx)
	task.Queue, _ = asynq.GetQueueName(ctx)
	retried, _ := asynq.GetRetryCount(ctx)
	task.Attempt = retried + 1

	route, err := l.client.table.Route(task.Kind)
	if err != nil {
		err = tasks.Permanent(err)
	}
	allowed, _ := asynq.GetMaxRetry(ctx)
	task.Last = retried >= min(route.Policy.Retries, allowed)

	label := l.label(task.Kind)
	l.metrics.begin(task.Queue, label)
	var result []byte
	if err == nil {
		result, err = l.attempt(ctx, t, task, route.Policy)
	}
	if err == nil && len(result) > 0 {
		err = keep(ctx, t.ResultWriter(), result)
	}
	outcome, err := settle(task, err)
	l.metrics.end(task.Queue, label, outcome, time.Since(started))
	l.report(task, outcome, err, time.Since(started))
	l.wakeNext(t, outcome)
	return err
}

// label bounds the metrics' kinds to the known ones: anybody can invent a kind.
func (l *Lane) label(kind string) string {
	if _, err := l.catalog.Lookup(kind); err != nil {
		return "unknown"
	}
	return kind
}

// attempt checks the task and runs its handler within its limits.
func (l *Lane) attempt(ctx context.Context, t *asynq.Task, task *tasks.Task, policy tasks.Policy) ([]byte, error) {
	definition, err := l.catalog.Check(task.Kind, task.Payload)
	// The version comes first: a later shape is not a bad payload.
	if version, ok := t.Headers()[versionHeader]; ok && definition.Version > 0 {
		if n, convErr := strconv.Atoi(version); convErr != nil || n > definition.Version {
			return nil, &newerVersionError{task.Kind, version, strconv.Itoa(definition.Version)}
		}
	}
	if err != nil {
		return nil, tasks.Permanent(err)
	}
	if deadline, ok := ctx.Deadline(); ok && time.Now().After(deadline) {
		return nil, tasks.Permanent(fmt.Errorf("deadline %s passed before the attempt began", deadline.UTC().Format(time.RFC3339)))
	}
	value, err := l.runLimited(ctx, definition.Handle, task, policy)
	if err != nil || value == nil {
		return nil, err
	}
	result, err := json.Marshal(value)
	if err != nil {
		return nil, tasks.Permanent(fmt.Errorf("encode result of %s: %w", task.Kind, err))
	}
	if len(result) > tasks.DefaultMaxPayload {
		return nil, tasks.Permanent(fmt.Errorf("result of %s has %d bytes, at most %d are kept: store the data and return a reference", task.Kind, len(result), tasks.DefaultMaxPayload))
	}
	return result, nil
}

// keepFor is how long the result of finished work waits for a Redis that is away: most
// of asynq's lease of 30 s, after which another worker may have the task.
const keepFor = 20 * time.Second

// keep writes a task's result, again while Redis is away: to fail here would do the
// whole task again.
func keep(ctx context.Context, w io.Writer, result []byte) error {
	_, err := backoff.Retry(ctx, func() (int, error) { return w.Write(result) }, backoff.WithMaxElapsedTime(keepFor))
	if err != nil {
		return fmt.Errorf("keep the result: %w", err)
	}
	return nil
}

type handled struct {
	value any
	err   error
}

// runLimited runs the handler and returns when it does, at the hard limit, or once
// asynq has given the task up. The handler's own goroutine may outlive it then; the
// metric of overdue handlers counts those.
func (l *Lane) runLimited(asynqCtx context.Context, handle tasks.Handler, task *tasks.Task, policy tasks.Policy) (any, error) {
	ctx, cancel := context.WithCancelCause(asynqCtx)
	defer cancel(nil)
	if policy.SoftLimit > 0 {
		defer time.AfterFunc(policy.SoftLimit, func() { cancel(tasks.ErrSoftLimit) }).Stop()
	}
	var hard <-chan time.Time
	if policy.HardLimit > 0 {
		timer := time.NewTimer(policy.HardLimit)
		defer timer.Stop()
		hard = timer.C
	}
	done := make(chan handled, 1)
	go func() {
		value, err := l.call(ctx, handle, task)
		done <- handled{value, err}
	}()
	select {
	case h := <-done:
		return h.value, because(ctx, h.err)
	case <-hard:
		cancel(tasks.ErrHardLimit)
		l.watchOverdue(task, done)
		return nil, fmt.Errorf("%w (%s)", tasks.ErrHardLimit, policy.HardLimit)
	case <-l.handBack:
		cancel(ErrHandedBack)
		<-asynqCtx.Done() // asynq ends it once the task is back in its queue
		return nil, ErrHandedBack
	case <-asynqCtx.Done():
		l.watchOverdue(task, done)
		return nil, asynqCtx.Err()
	}
}

// because adds to an error why the context ended, if that is what the handler saw.
func because(ctx context.Context, err error) error {
	cause := context.Cause(ctx)
	if err == nil || cause == nil || errors.Is(err, cause) || !errors.Is(err, ctx.Err()) {
		return err
	}
	return fmt.Errorf("%w: %w", cause, err)
}

// call runs the handler and turns a panic into an error, its stack into a log line.
func (l *Lane) call(ctx context.Context, handle tasks.Handler, task *tasks.Task) (value any, err error) {
	defer func() {
		if r := recover(); r != nil {
			l.log.Error("handler panicked", append(fields(task), zap.Any("panic", r), zap.ByteString("stack", debug.Stack()))...)
			err = fmt.Errorf("handler panicked: %v", r)
		}
	}()
	return handle(ctx, task)
}

// watchOverdue counts a handler that runs on after its attempt has ended, until it
// returns, and names it in the log.
func (l *Lane) watchOverdue(task *tasks.Task, done <-chan handled) {
	l.metrics.overdue.WithLabelValues(task.Queue, l.label(task.Kind)).Inc()
	l.log.Warn("handler ignores its cancellation and still runs", fields(task)...)
	go func() {
		<-done
		l.metrics.overdue.WithLabelValues(task.Queue, l.label(task.Kind)).Dec()
	}()
}

// settle decides what becomes of the task, and says it in the error asynq gets.
func settle(task *tasks.Task, err error) (tasks.Outcome, error) {
	var newer *newerVersionError
	switch {
	case err == nil:
		return tasks.Succeeded, nil
	case errors.Is(err, ErrHandedBack):
		return tasks.HandedBack, err
	case tasks.IsParked(err), errors.As(err, &newer):
		return tasks.SetAside, err
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

// wakeNext runs the task that waits for this one to end.
func (l *Lane) wakeNext(t *asynq.Task, outcome tasks.Outcome) {
	target := t.Headers()[wakesHeader]
	if target == "" || outcome != tasks.Succeeded && outcome != tasks.Dead {
		return
	}
	if err := l.client.wake(target); err != nil {
		l.log.Warn("waiting task not woken: it runs at its own time", zap.String("task", target), zap.Error(err))
	}
}
