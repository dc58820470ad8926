package lane

import (
	"context"

	"go.uber.org/zap"

	"switchyard/internal/queue/format"
	"switchyard/internal/tasks"
	"switchyard/internal/telemetry"
)

// fields name a task in every log line about it.
func (a *attempt) fields() []zap.Field {
	t := a.task
	f := append(make([]zap.Field, 0, 9), zap.String("id", t.ID), zap.String("kind", t.Kind), zap.String("queue", t.Queue), zap.Int("attempt", t.Attempt))
	if a.user != "" {
		f = append(f, zap.String("user", a.user))
	}
	return f
}

// end reports an ending of which Redis cannot change anything, and has it written.
func (l *lane) end(e *ending) {
	if e.way == back {
		l.report(e, nil)
	}
	l.exchange.end(e)
}

// report says how an attempt has ended, once Redis has taken that: in the log, in the metrics,
// in its span, and to the task that waits for it. lost are the tasks that were not the lane's
// to end; true means that another worker has it.
func (l *lane) report(e *ending, lost map[string]bool) {
	a := e.attempt
	if e.reported || a.span == nil {
		return // or it has not begun
	}
	e.reported = true
	// An ending that was sent before may have been written then, though the answer was lost.
	if another, notOurs := lost[a.id]; notOurs && (another || e.tries == 0) && e.way != back {
		e.outcome, e.way, e.err, e.quiet = tasks.OutcomeCutOff, back, ErrLeaseLost, false
	}
	a.kind.end(l.Metrics, e)
	if l.Series != nil {
		l.Series.Ended(a.source.queue, e.outcome, a.waited, e.took)
	}
	l.log(e)
	a.span.SetAttributes(telemetry.Outcome(string(e.outcome)))
	if e.outcome == tasks.OutcomeRetried || e.outcome == tasks.OutcomeDead {
		telemetry.Fail(a.ctx, a.span, e.err, string(e.outcome))
	}
	a.span.End()
	if target := a.message.Headers[format.WakesHeader]; target != "" && e.isFinal() {
		l.wakes.Go(func() { l.wake(target) })
	}
	if r := e.reply; r != nil && l.Reply != nil && e.isTold(lost) {
		l.Reply(*r)
	}
	if batch, _ := e.member(); batch != "" {
		l.wakes.Go(func() { l.closeBatch(batch) })
	}
}

// log writes the one line of an attempt's end, which names its trace.
func (l *lane) log(e *ending) {
	a := e.attempt
	level := zap.WarnLevel
	switch {
	case e.quiet:
		level = zap.DebugLevel
	case e.outcome == tasks.OutcomeSucceeded, e.outcome == tasks.OutcomePostponed, tasks.IsAwaited(e.err):
		level = zap.InfoLevel
	case e.outcome == tasks.OutcomeDead:
		level = zap.ErrorLevel
	}
	if line := l.Log.Check(level, "task"); line != nil {
		f := append(a.fields(), zap.String("outcome", string(e.outcome)), zap.Duration("took", e.took))
		if id := telemetry.ID(a.ctx); id != "" {
			f = append(f, zap.String("trace_id", id))
		}
		if e.err != nil {
			f = append(f, zap.Error(e.err))
		}
		line.Write(f...)
	}
	if line := l.Log.Check(zap.DebugLevel, "payload"); line != nil {
		line.Write(zap.String("id", a.id), zap.ByteString("payload", a.task.Payload))
	}
}

// wake runs the task that waits for one that has ended.
func (l *lane) wake(target string) {
	ctx, cancel := context.WithTimeout(context.Background(), answerWithin)
	defer cancel()
	if err := l.Wake(ctx, target); err != nil {
		l.Log.Warn("waiting task not woken: it runs at its own time", zap.String("task", target), zap.Error(err))
	}
}

// giveUp leaves a task whose ending cannot be written to the rescue.
func (l *lane) giveUp(e *ending, err error) {
	l.leases.drop([]*ending{e})
	l.Log.Error("the attempt's end cannot be written: the task runs again once its lease has run out", append(e.attempt.fields(), zap.Error(err))...)
	e.outcome, e.way, e.err = tasks.OutcomeCutOff, back, err
	l.report(e, nil)
}
