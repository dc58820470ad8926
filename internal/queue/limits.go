package queue

import (
	"context"
	"errors"
	"fmt"
	"runtime/debug"
	"time"

	"go.uber.org/zap"

	"switchyard/internal/tasks"
)

// ErrHandedBack is the cause of a handler's context when its worker stops before it is
// done: the task is on its way back to the queue.
var ErrHandedBack = errors.New("worker stops: task handed back")

// cutOffGrace is how long a handler that is cut off may take to return before it is taken
// to ignore its cancellation. It is less than [abortGrace], so that an exiting worker has
// the time to say so.
const cutOffGrace = abortGrace * 4 / 5

// handled is what a handler returned.
type handled struct {
	value any
	err   error
}

// runLimited runs the handler and returns when it does, at the hard limit, when another
// worker may have the task, or once asynq has given it up. The handler's own goroutine
// may outlive it then; the metric of overdue handlers counts those.
func (l *Lane) runLimited(asynqCtx context.Context, handle tasks.Handler, task *tasks.Task, h *lease, policy tasks.Policy) (any, error) {
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
	fence := time.NewTimer(l.leases.safeFor(h))
	defer fence.Stop()
	done := make(chan handled, 1)
	l.crew.run(func() {
		value, err := l.call(ctx, handle, task)
		done <- handled{value, err}
	})
	for {
		select {
		case returned := <-done:
			return returned.value, because(ctx, returned.err)
		case <-hard:
			cancel(tasks.ErrHardLimit)
			l.watchOverdue(task, done)
			return nil, fmt.Errorf("%w (%s)", tasks.ErrHardLimit, policy.HardLimit)
		case <-fence.C:
			if left := l.leases.safeFor(h); left > 0 {
				fence.Reset(left)
				continue
			}
			return nil, l.cutOff(ErrFenced, cancel, task, done)
		case <-h.lost:
			return nil, l.cutOff(ErrLeaseLost, cancel, task, done)
		case <-l.handBack:
			err := l.cutOff(ErrHandedBack, cancel, task, done)
			<-asynqCtx.Done() // asynq ends it once the task is back in its queue
			return nil, err
		case <-asynqCtx.Done():
			l.watchOverdue(task, done)
			return nil, asynqCtx.Err()
		}
	}
}

// cutOff cancels a handler whose task another worker may have soon, and gives it the time
// to return that is left until one has.
func (l *Lane) cutOff(why error, cancel context.CancelCauseFunc, task *tasks.Task, done <-chan handled) error {
	cancel(why)
	select {
	case <-done:
	case <-time.After(cutOffGrace):
		l.watchOverdue(task, done)
	}
	return why
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
