package queue

import (
	"context"
	"time"

	"go.uber.org/zap"

	"switchyard/internal/tasks"
	"switchyard/internal/telemetry"
)

// fields name a task in every log line about it.
func fields(t *tasks.Task) []zap.Field {
	f := []zap.Field{
		zap.String("id", t.ID),
		zap.String("kind", t.Kind),
		zap.String("queue", t.Queue),
		zap.Int("attempt", t.Attempt),
	}
	if user := tasks.UserOf(t.Payload); user != "" {
		f = append(f, zap.String("user", user))
	}
	return f
}

// report logs the one line of an attempt's end, which names its trace.
func (l *Lane) report(ctx context.Context, t *tasks.Task, outcome tasks.Outcome, err error, took time.Duration) {
	f := append(fields(t), zap.String("outcome", string(outcome)), zap.Duration("took", took))
	if id := telemetry.ID(ctx); id != "" {
		f = append(f, zap.String("trace_id", id))
	}
	if err != nil {
		f = append(f, zap.Error(err))
	}
	switch outcome {
	case tasks.Succeeded:
		l.log.Info("task", f...)
	case tasks.Dead:
		l.log.Error("task", f...)
	default:
		l.log.Warn("task", f...)
	}
	l.log.Debug("payload", zap.String("id", t.ID), zap.ByteString("payload", t.Payload))
}
