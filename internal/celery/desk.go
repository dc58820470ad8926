package celery

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"switchyard/internal/celery/mailbox"
	"switchyard/internal/celery/wire"
	"switchyard/internal/queue/format"
	"switchyard/internal/tasks"
)

// mostShown bounds the tasks that are told of at once.
const mostShown = 500

// desk answers for the worker what Celery's control asks. All nodes see what waits for its time; the one
// on duty tells of it.
type desk struct{ *Door }

// Tasks implements [mailbox.Worker]. Nothing is reserved: a task is taken for a free slot only.
func (d desk) Tasks(ctx context.Context, stage mailbox.Stage) ([]mailbox.Request, error) {
	switch stage {
	case mailbox.Active:
		return d.active(), nil
	case mailbox.Scheduled:
		if d.onDutyNow.Load() {
			return d.scheduled(ctx)
		}
	}
	return nil, nil
}

// active returns what this worker runs.
func (d desk) active() []mailbox.Request {
	var all []mailbox.Request
	for _, r := range d.Running() {
		var env envelope
		if json.Unmarshal(r.Envelope, &env) != nil || len(all) == mostShown {
			continue
		}
		one := env.request(r.ID)
		one.Started = r.Began
		all = append(all, one)
	}
	return all
}

// scheduled returns what waits for its time.
func (d desk) scheduled(ctx context.Context) ([]mailbox.Request, error) {
	page, err := d.Door.Tasks.List(ctx, tasks.Filter{States: []tasks.State{tasks.StateScheduled}}, mostShown, "")
	if err != nil {
		return nil, err
	}
	var all []mailbox.Request
	for _, s := range page.Tasks {
		var env envelope
		if json.Unmarshal([]byte(s.Headers[format.ReplyHeader]), &env) != nil {
			continue // it came through another door
		}
		one := env.request(s.ID)
		one.ETA = s.NextRun
		all = append(all, one)
	}
	return all, nil
}

// request returns a task as Celery's workers tell of it.
func (e envelope) request(id string) mailbox.Request {
	r := mailbox.Request{ID: id, Name: e.Task, Kwargs: e.Kwargs, Queue: e.Queue, Priority: e.Priority}
	if len(e.Args) > 0 {
		r.Args, _ = json.Marshal(e.Args) // as it was read
	}
	return r
}

// Revoke implements [mailbox.Worker].
func (d desk) Revoke(ctx context.Context, r mailbox.Revocation) error {
	return d.Door.Revoke(ctx, r.IDs, r.Terminate)
}

// Revoked implements [mailbox.Worker].
func (d desk) Revoked(ctx context.Context) ([]string, error) {
	members, err := d.Redis.ZRevRange(ctx, d.revokedKey(), 0, 2*mostShown).Result()
	if err != nil {
		return nil, fmt.Errorf("look which tasks of Celery are revoked: %w", err)
	}
	var ids []string
	for _, id := range members {
		if !strings.HasPrefix(id, terminateMark) {
			ids = append(ids, id)
		}
	}
	return ids, nil
}

// received publishes that a message has become a task.
func (d *Door) received(m wire.Message) {
	d.events.Received(mailbox.Received{
		ID: m.ID, Name: m.Task, Args: m.ArgsRepr, Kwargs: m.KwargsRepr, Root: m.Root, Parent: m.Parent, Retries: m.Retries, ETA: m.ETA, Expires: m.Expires,
	})
}

// publish publishes what becomes of a task.
func (d *Door) publish(r tasks.Reply, env envelope) {
	switch r.State {
	case tasks.StateRunning:
		if r.Progress == nil {
			d.events.Started(r.ID, env.Task)
		}
	case tasks.StateSucceeded:
		var took time.Duration
		if !r.Began.IsZero() {
			took = r.At.Sub(r.Began)
		}
		d.events.Succeeded(r.ID, string(r.Result), took)
	case tasks.StateRetrying:
		f := failure(r)
		d.events.Retried(r.ID, exception(f), f.Traceback)
	case tasks.StateExpired, tasks.StateCancelled:
		d.events.Revoked(r.ID, revokedBy(r) == "terminated", r.State == tasks.StateExpired)
	default:
		f := failure(r)
		d.events.Failed(r.ID, exception(f), f.Traceback)
	}
}

// exception returns an exception as Python would print it, more or less.
func exception(f wire.Failed) string {
	return fmt.Sprintf("%s(%q)", f.Type, strings.Join(f.Messages, ", "))
}

// profile returns what does not change about this worker.
func (o Options) profile() mailbox.Profile {
	p := mailbox.Profile{Queues: o.Queues}
	for _, n := range o.Slots {
		p.Slots += n
	}
	for name := range o.Kinds {
		p.Tasks = append(p.Tasks, mailbox.Task{Name: name})
	}
	return p
}
