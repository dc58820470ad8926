package queue

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"strconv"
	"time"

	"github.com/hibiken/asynq"
	"go.opentelemetry.io/otel/trace"
	"go.uber.org/zap"

	"switchyard/internal/queue/format"
	"switchyard/internal/tasks"
	"switchyard/internal/telemetry"
)

// perform runs one attempt and tells asynq its outcome.
func (l *Lane) perform(ctx context.Context, t *asynq.Task) error {
	if !l.enter() {
		<-ctx.Done() // asynq ends it once the task is back in its queue
		return ErrHandedBack
	}
	defer l.leave()
	started := time.Now()
	task := &tasks.Task{Kind: t.Type(), Payload: t.Payload()}
	task.ID, _ = asynq.GetTaskID(ctx)
	task.Queue, _ = asynq.GetQueueName(ctx)
	held := l.leases.get(task.Queue, task.ID)
	if held == nil {
		return ErrLeaseLost // asynq has ended the attempt already, cancelled by hand for example
	}
	retried, _ := asynq.GetRetryCount(ctx)
	task.Attempt, task.Run = retried+held.losses+1, held.run

	route, err := l.client.table.Route(task.Kind)
	if err != nil {
		err = tasks.Permanent(err)
	}
	task.Retention = route.Policy.Retention
	allowed, _ := asynq.GetMaxRetry(ctx)
	task.Last = retried >= min(route.Policy.Retries, allowed)

	label := l.label(task.Kind)
	ctx, span := telemetry.Begin(telemetry.Extract(ctx, t.Headers()), l.client.traces, trace.SpanKindConsumer, "process "+label,
		telemetry.Performing(task.Queue, task.Kind, task.ID, tasks.UserOf(task.Payload), task.Attempt)...)
	defer span.End()
	l.metrics.begin(task.Queue, label)
	var result []byte
	if err == nil {
		result, err = l.attempt(ctx, t, task, held, route.Policy)
	}
	if err == nil && len(result) > 0 {
		err = l.keep(held, t.ResultWriter(), result)
	}
	outcome, err := settle(task, discreet(err))
	l.metrics.end(task.Queue, label, outcome, time.Since(started))
	l.report(ctx, task, outcome, err, time.Since(started))
	span.SetAttributes(telemetry.Outcome(string(outcome)))
	if outcome == tasks.Retried || outcome == tasks.Dead {
		telemetry.Fail(ctx, span, err, string(outcome))
	}
	l.wakeNext(t, outcome)
	if err == nil {
		return nil
	}
	l.noteFailure(held, task, outcome, err)
	retryAt := time.Now().Add(l.delay(retried, task.Kind, err))
	l.leases.decide(held, ending{giveBack: outcome == tasks.CutOff, parked: outcome == tasks.SetAside, retryAt: retryAt})
	return delayed{err, retryAt}
}

// label bounds the metrics' kinds to the known ones: anybody can invent a kind.
func (l *Lane) label(kind string) string {
	if _, err := l.catalog.Lookup(kind); err != nil {
		return "unknown"
	}
	return kind
}

// attempt checks the task and runs its handler within its limits.
func (l *Lane) attempt(ctx context.Context, t *asynq.Task, task *tasks.Task, held *lease, policy tasks.Policy) ([]byte, error) {
	if held.losses > policy.Losses {
		return nil, l.poison(held, policy)
	}
	definition, err := l.catalog.Lookup(task.Kind)
	if err == nil {
		err = l.catalog.CheckSize(task.Kind, task.Payload)
	}
	// The version comes first: a later shape is not a bad payload.
	if version, ok := t.Headers()[format.VersionHeader]; ok && definition.Version > 0 {
		if n, convErr := strconv.Atoi(version); convErr != nil || n > definition.Version {
			return nil, &newerVersionError{task.Kind, version, strconv.Itoa(definition.Version)}
		}
	}
	if err != nil {
		return nil, tasks.Permanent(err)
	}
	if err := checkExpiry(t.Headers()[format.ExpiresHeader], task, time.Now()); err != nil {
		return nil, err
	}
	if deadline, ok := ctx.Deadline(); ok && time.Now().After(deadline) {
		return nil, tasks.Permanent(fmt.Errorf("deadline %s passed before the attempt began", deadline.UTC().Format(time.RFC3339)))
	}
	value, err := l.runLimited(ctx, definition.Handle, task, held, policy)
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

// checkExpiry reports why a task is not begun any more. What was begun is brought to its
// end, however late its retries are.
func checkExpiry(header string, task *tasks.Task, now time.Time) error {
	if header == "" || task.Attempt > 1 {
		return nil
	}
	seconds, err := strconv.ParseInt(header, 10, 64)
	if err != nil {
		return tasks.Permanent(fmt.Errorf("header %s %.40q is not a Unix time in seconds", format.ExpiresHeader, header))
	}
	if expires := time.Unix(seconds, 0).UTC(); !now.Before(expires) {
		return fmt.Errorf("%w: it could wait until %s", tasks.ErrExpired, expires.Format(time.RFC3339))
	}
	return nil
}

// keep writes a task's result, again until Redis has taken it: to fail here would do
// the whole task again.
func (l *Lane) keep(held *lease, w io.Writer, result []byte) error {
	err := l.persist(held, func(context.Context) error {
		_, err := w.Write(result)
		return err
	})
	if err != nil {
		return fmt.Errorf("keep the result: %w", err)
	}
	return nil
}

// failure is why an attempt failed, as a producer reads it in the task's hash.
type failure struct {
	Attempt int           `json:"attempt"`
	Outcome tasks.Outcome `json:"outcome"`
	Message string        `json:"message"`
	At      time.Time     `json:"at"`
}

// noteFailure writes with the task why its attempt failed, unless somebody else has the
// task by now. asynq's own message says so too, but only to those who can read that.
func (l *Lane) noteFailure(held *lease, task *tasks.Task, outcome tasks.Outcome, err error) {
	if outcome == tasks.HandedBack || outcome == tasks.CutOff {
		return
	}
	text, encodeErr := json.Marshal(failure{task.Attempt, outcome, err.Error(), time.Now().UTC()})
	if encodeErr == nil {
		encodeErr = l.persist(held, func(ctx context.Context) error {
			ctx, cancel := context.WithTimeout(ctx, settleWithin)
			defer cancel()
			return l.client.note(ctx, held.queue, held.id, format.ErrorField, text)
		})
	}
	if encodeErr != nil {
		l.log.Warn("the attempt's error is not kept with the task", append(fields(task), zap.Error(encodeErr))...)
	}
}

// poison sends a task that kills its workers to the dead letter. Run again from there by
// hand it starts with no losses.
func (l *Lane) poison(held *lease, policy tasks.Policy) error {
	err := l.persist(held, func(ctx context.Context) error {
		ctx, cancel := context.WithTimeout(ctx, settleWithin)
		defer cancel()
		return l.redis.HDel(ctx, format.Key(held.queue, "t:"+held.id), "losses").Err()
	})
	if err != nil {
		return fmt.Errorf("forget the losses: %w", err)
	}
	return tasks.Permanent(fmt.Errorf("poison: lost with its worker %d times, the policy runs it again at most %d times: see what it does to its worker before you run it again", held.losses, policy.Losses))
}

// wakeNext runs the task that waits for this one to end.
func (l *Lane) wakeNext(t *asynq.Task, outcome tasks.Outcome) {
	target := t.Headers()[format.WakesHeader]
	if target == "" || outcome != tasks.Succeeded && outcome != tasks.Dead && outcome != tasks.Expired {
		return
	}
	if err := l.client.wake(target); err != nil {
		l.log.Warn("waiting task not woken: it runs at its own time", zap.String("task", target), zap.Error(err))
	}
}
