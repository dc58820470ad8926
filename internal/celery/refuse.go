package celery

import (
	"context"
	"fmt"
	"time"

	"go.uber.org/zap"

	"switchyard/internal/celery/wire"
	"switchyard/internal/tasks"
)

// revokedKey is the set of the tasks that were revoked, by when that is forgotten.
func (d *Door) revokedKey() string { return d.Prefix + "{celery}:revoked" }

// refuse ends a message that no task can be made of: its client is told of a failure, as far as it can
// be known who waits, and the message is kept among the refused.
func (d *Door) refuse(ctx context.Context, f *fate, m wire.Message, why error) error {
	refusal := asRefused(why)
	if refusal == nil {
		refusal = &wire.Refused{Exception: wire.ValueError, Reason: why.Error()}
	}
	d.Log.Warn("message of Celery refused", zap.String("queue", f.source.queue), zap.String("id", refusal.ID), zap.String("task", refusal.Task), zap.String("why", refusal.Reason))
	if refusal.ID != "" {
		failed := wire.Failed{Exception: refusal.Exception, Messages: []string{refusal.Reason}, Traceback: refusal.Exception.Type + ": " + refusal.Reason}
		o := wire.Outcome{State: wire.Failure, Result: failed.Result(), Traceback: failed.Traceback, At: time.Now()}
		if m.ID == "" { // it was not understood as a whole: nothing is known of what follows
			m = wire.Message{ID: refusal.ID, Task: refusal.Task, IgnoreResult: refusal.IgnoreResult}
		}
		if err := d.endUnbegun(ctx, m, o); err != nil {
			return err
		}
	}
	f.outcome, f.to, f.most = refused, Dead(d.Prefix), deadMost
	return nil
}

// endUnbegun tells the end of a message that never became a task.
func (d *Door) endUnbegun(ctx context.Context, m wire.Message, o wire.Outcome) error {
	p, left := wire.End(m.Steps(), o)
	if left != nil {
		d.Log.Warn("what follows a task of Celery is left out", zap.String("id", m.ID), zap.Error(left))
	}
	if err := d.follow(ctx, "message/"+m.ID, p); err != nil {
		return err
	}
	metas := d.plain(p.Metas)
	if !m.IgnoreResult {
		own := wire.Meta{ID: m.ID, Status: p.Outcome.State, Result: p.Outcome.Result, Traceback: p.Outcome.Traceback, Children: p.Children, Done: p.Outcome.At}
		if d.ResultExtended {
			own = own.Extend(m, d.Node, m.RoutingKey)
		}
		metas = append(metas, own.Of(m.Steps()))
	}
	return d.writeMetas(ctx, metas)
}

// endRevoked ends those of the messages that are about to become tasks which were revoked or whose time
// is over.
func (d *Door) endRevoked(ctx context.Context, b *batch) error {
	if len(b.adds) == 0 {
		return nil
	}
	isRevoked, err := d.areRevoked(ctx, b)
	if err != nil {
		return err
	}
	var kept []tasks.New
	var where []int
	now := time.Now()
	for n, i := range b.places {
		m, why, outcome := b.read[i], "", ""
		switch {
		case isRevoked[n]:
			why, outcome = "revoked", revoked
		case !m.Expires.IsZero() && !m.Expires.After(now):
			why, outcome = "expired", expired
		default:
			kept, where = append(kept, b.adds[n]), append(where, i)
			continue
		}
		if err := d.endUnbegun(ctx, m, wire.Outcome{State: wire.Revoked, Result: wire.Revocation(why).Result(), At: now}); err != nil {
			return err
		}
		b.fates[i].outcome = outcome
	}
	b.adds, b.places = kept, where
	return nil
}

// areRevoked reports which of the tasks that are about to be added were revoked.
func (d *Door) areRevoked(ctx context.Context, b *batch) ([]bool, error) {
	ids := make([]string, len(b.places))
	for n, i := range b.places {
		ids[n] = b.read[i].ID
	}
	until, err := d.Redis.ZMScore(ctx, d.revokedKey(), ids...).Result()
	if err != nil {
		return nil, fmt.Errorf("ask which tasks of Celery are revoked: %w", err)
	}
	are := make([]bool, len(ids))
	for n := range are {
		are[n] = until[n] > float64(time.Now().Unix())
	}
	return are, nil
}
