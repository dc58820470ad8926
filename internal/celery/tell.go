package celery

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/google/uuid"
	"go.uber.org/zap"

	"switchyard/internal/celery/broker"
	"switchyard/internal/celery/wire"
	"switchyard/internal/tasks"
)

// errUnsized says that the size of a chord is not known yet.
var errUnsized = errors.New("the size of its chord is not known yet")

// outcome returns how a task has ended in Celery's words.
func outcome(r tasks.Reply) wire.Outcome {
	o := wire.Outcome{State: wire.Failure, At: r.At}
	switch r.State {
	case tasks.StateSucceeded:
		o.State, o.Result = wire.Success, r.Result
		if len(o.Result) == 0 {
			o.Result = []byte("null")
		}
		return o
	case tasks.StateExpired, tasks.StateCancelled:
		o.State, o.Result = wire.Revoked, wire.Revocation(revokedBy(r)).Result()
		return o
	}
	failed := failure(r)
	o.Result, o.Traceback = failed.Result(), failed.Traceback
	return o
}

// revokedBy says why a task does not run, or not on.
func revokedBy(r tasks.Reply) string {
	switch {
	case r.State == tasks.StateExpired:
		return "expired"
	case r.Began.IsZero():
		return "revoked"
	}
	return "terminated"
}

// failure returns why an attempt failed as an exception that each client of Celery can import.
func failure(r tasks.Reply) wire.Failed {
	f := wire.Failed{Exception: wire.Exception{Type: "RuntimeError", Module: "builtins"}, Messages: []string{r.Error}}
	switch r.Reason {
	case tasks.ReasonRefused:
		f.Exception = wire.ValueError
	case tasks.ReasonSoftLimit:
		f.Exception = wire.Exception{Type: "SoftTimeLimitExceeded", Module: "celery.exceptions"}
	case tasks.ReasonHardLimit:
		f.Exception = wire.Exception{Type: "TimeLimitExceeded", Module: "celery.exceptions"}
	case tasks.ReasonLost:
		f.Exception = wire.Exception{Type: "WorkerLostError", Module: "celery.exceptions"}
	}
	name := f.Type
	if f.Module != "builtins" {
		name = f.Module + "." + name
	}
	f.Traceback = "Traceback (most recent call last):\n  Switchyard, task " + r.ID + "\n" + name + ": " + r.Error
	return f
}

// told is what is written for one reply.
type told struct {
	env   envelope
	metas []wire.Meta
	plan  wire.Plan
	left  error // what of the canvas is left out, and why
}

// plan works out what is to be written for a reply.
func (o Options) plan(r tasks.Reply, env envelope) told {
	t := told{env: env}
	switch r.State {
	case tasks.StateRunning:
		switch {
		case r.Progress != nil:
			t.add(o.extended(wire.MetaCustom(r.ID, "PROGRESS", r.Progress).Of(env.Steps), env, r))
		case o.TrackStarted:
			t.add(o.extended(wire.MetaStarted(r.ID, pidOf(r.Worker), o.Node).Of(env.Steps), env, r))
		}
	case tasks.StateRetrying:
		t.add(o.extended(wire.MetaRetry(r.ID, failure(r)).Of(env.Steps), env, r))
	default:
		t.plan, t.left = wire.End(env.Steps, outcome(r))
		end := t.plan.Outcome
		meta := wire.Meta{ID: r.ID, Status: end.State, Result: end.Result, Traceback: end.Traceback, Children: t.plan.Children, Done: end.At}
		t.add(o.extended(meta.Of(env.Steps), env, r))
		t.metas = append(t.metas, o.plain(t.plan.Metas)...)
	}
	return t
}

// add adds the meta of the task itself, unless nobody wants to read it.
func (t *told) add(m wire.Meta) {
	if !t.env.Ignore {
		t.metas = append(t.metas, m)
	}
}

// extended adds to a meta what result_extended asks for.
func (o Options) extended(m wire.Meta, env envelope, r tasks.Reply) wire.Meta {
	if !o.ResultExtended {
		return m
	}
	return m.Extend(wire.Message{Task: env.Task, Args: env.Args, Kwargs: env.Kwargs, Retries: r.Retried}, o.Node, env.Queue)
}

// plain takes from metas what only result_extended asks for.
func (o Options) plain(metas []wire.Meta) []wire.Meta {
	if !o.ResultExtended {
		for i := range metas {
			metas[i].Extended = nil
		}
	}
	return metas
}

// pidOf returns the process in host:pid.
func pidOf(worker string) int {
	pid := 0
	if i := strings.LastIndexByte(worker, ':'); i >= 0 {
		_, _ = fmt.Sscanf(worker[i+1:], "%d", &pid)
	}
	return pid
}

// pushes returns the messages of a plan as they are put into lists. What they follow makes each be put
// there once.
func (d *Door) pushes(after string, sends []wire.Send) []broker.Push {
	all := make([]broker.Push, len(sends))
	for i, s := range sends {
		m := s.Message
		queue := d.queueOf(m.Task, s.Queue)
		if m.RoutingKey == "" {
			m.RoutingKey = queue
		}
		mark := fmt.Sprintf("%s/%d/%s", after, i, m.ID)
		tag := uuid.NewSHA1(tagSpace, []byte(mark)).String()
		all[i] = broker.Push{Mark: mark, List: d.Broker.List(queue, m.Priority), Text: m.Encode(tag)}
	}
	return all
}

// tagSpace is the namespace of the delivery tags of what is sent from here.
var tagSpace = uuid.NewSHA1(uuid.NameSpaceURL, []byte("switchyard:celery:delivery"))

// follow does what a plan says but for its metas: chords are prepared, messages sent, parts returned.
// It may be done again. after tells apart what is followed.
func (d *Door) follow(ctx context.Context, after string, p wire.Plan) error {
	if err := d.results.prepare(ctx, p); err != nil {
		return err
	}
	if _, err := d.Broker.Push(ctx, d.pushes(after, p.Sends)...); err != nil {
		return err
	}
	for _, part := range p.Parts {
		if err := d.giveBack(ctx, part, p); err != nil {
			return err
		}
	}
	return nil
}

// giveBack returns a part to its chord, and has the body follow if it was the last.
func (d *Door) giveBack(ctx context.Context, part wire.Part, p wire.Plan) error {
	state, err := d.results.give(ctx, part)
	if err != nil {
		return err
	}
	if state.unsized {
		return fmt.Errorf("chord %s: %w", part.Group, errUnsized)
	}
	if !state.ready {
		return nil
	}
	body, left := wire.Body(part, state.parts, state.saved, p.Outcome.At)
	if left != nil {
		d.Log.Warn("what follows a chord of Celery is left out", zap.String("group", part.Group), zap.Error(left))
	}
	if err := d.follow(ctx, "chord/"+part.Group, body); err != nil {
		return err
	}
	if err := d.writeMetas(ctx, d.plain(body.Metas)); err != nil {
		return err
	}
	return d.results.done(ctx, part.Group)
}

// writeMetas writes metas. One that never can be written is left out, and said.
func (d *Door) writeMetas(ctx context.Context, metas []wire.Meta) error {
	errs, err := d.results.write(ctx, metas)
	for _, one := range errs {
		if one != nil {
			d.Log.Error("result of Celery not written", zap.Error(one))
		}
	}
	return err
}
