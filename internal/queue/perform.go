package queue

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"strconv"
	"time"

	"github.com/cenkalti/backoff/v5"
	"github.com/hibiken/asynq"
	"go.uber.org/zap"

	"switchyard/internal/tasks"
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
