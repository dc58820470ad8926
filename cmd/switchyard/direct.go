package main

import (
	"cmp"
	"context"
	"fmt"
	"time"

	"switchyard/internal/app"
	"switchyard/internal/audit"
	"switchyard/internal/control"
	"switchyard/internal/events"
	"switchyard/internal/journal"
	"switchyard/internal/queue"
	"switchyard/internal/schedule"
	"switchyard/internal/sources"
	"switchyard/internal/tasks"
	"switchyard/internal/usage"
	"switchyard/internal/users"
)

// direct is the system on its Redis. It implements [door].
type direct struct{ *app.System }

func (d direct) Send(ctx context.Context, t tasks.Raw, in time.Duration, o tasks.Options) (tasks.Receipt, error) {
	if in != 0 {
		o.At = time.Now().Add(in)
	}
	route, err := d.Routing.RouteTask(t.Name, t.Payload)
	if err == nil {
		err = d.Queues.Check(ctx, cmp.Or(o.Queue, route.Queue))
	}
	if err != nil {
		return tasks.Receipt{}, err
	}
	receipt, err := d.Queue.Enqueue(ctx, t, o)
	return receipt, refused(err)
}

func (d direct) Find(ctx context.Context, name string) (tasks.Status, error) {
	return d.Queue.Find(ctx, name)
}

func (d direct) Wait(ctx context.Context, name tasks.Name) (tasks.Status, error) {
	return d.Queue.Wait(ctx, name)
}

func (d direct) List(ctx context.Context, f tasks.Filter, limit int, after string) (tasks.Page, error) {
	return d.Queue.List(ctx, f, limit, after)
}

func (d direct) Match(ctx context.Context, f tasks.Filter) ([]tasks.Name, bool, error) {
	return d.Queue.Match(ctx, f)
}

func (d direct) CancelTasks(ctx context.Context, names []tasks.Name, why string) ([]tasks.Handled, error) {
	return d.System.CancelTasks(ctx, names, why, me())
}

func (d direct) RunTasks(ctx context.Context, names []tasks.Name) ([]tasks.Handled, error) {
	return d.System.RunTasks(ctx, names, me())
}

func (d direct) ReplayTasks(ctx context.Context, names []tasks.Name) ([]tasks.Handled, error) {
	return d.System.ReplayTasks(ctx, names, me())
}

func (d direct) DeleteTasks(ctx context.Context, names []tasks.Name) ([]tasks.Handled, error) {
	return d.System.DeleteTasks(ctx, names, me())
}

func (d direct) ChangeTask(ctx context.Context, name tasks.Name, change tasks.Change) (tasks.Handled, error) {
	return d.System.ChangeTask(ctx, name, change, nil, me())
}

func (d direct) History(ctx context.Context, _ tasks.Status, run journal.Run) (*journal.History, error) {
	return d.Journals.Read(ctx, run)
}

func (d direct) Decide(ctx context.Context, t tasks.Status, run journal.Run, v journal.Verdict) (string, bool, error) {
	return d.System.Decide(ctx, t, run, v, me())
}

func (d direct) Sizes(ctx context.Context) ([]queue.Size, error) { return d.Queue.Sizes(ctx) }

func (d direct) PauseQueue(ctx context.Context, name string, pause bool) (bool, error) {
	return d.System.PauseQueue(ctx, name, pause, me())
}

func (d direct) Pause(ctx context.Context, user string) (control.BrakeReceipt, error) {
	return d.Operator().Pause(ctx, user, me())
}

func (d direct) Resume(ctx context.Context, user string) (control.Resumed, error) {
	return d.Operator().Resume(ctx, user, me())
}

func (d direct) BrakeStatus(ctx context.Context, user string) (control.BrakeStatus, error) {
	return d.Operator().Status(ctx, user)
}

func (d direct) Overview(ctx context.Context) (control.Overview, error) {
	return d.Operator().Overview(ctx, 0)
}

func (d direct) Follow(ctx context.Context, user string, after int64, told func(events.Event) error) error {
	return d.Events.Follow(ctx, user, after, told)
}

func (d direct) User(ctx context.Context, id string) (users.User, error) {
	u, found, err := d.System.Users.Get(ctx, id)
	if err == nil && !found {
		err = noUser(id)
	}
	return u, err
}

func (d direct) Users(ctx context.Context) ([]users.User, error) { return d.System.Users.List(ctx) }

func (d direct) ChangeUser(ctx context.Context, id string, c users.Changes) (users.User, error) {
	return d.System.Users.Change(ctx, id, c.Apply)
}

func (d direct) RemoveUser(ctx context.Context, id string) error {
	found, err := d.System.Users.Remove(ctx, id)
	if err == nil && !found {
		err = noUser(id)
	}
	return err
}

func (d direct) Spent(ctx context.Context, user string, since time.Time) ([]usage.Line, error) {
	return d.Usage.Lines(ctx, user, since)
}

// AuditRecords implements [door].
func (d direct) AuditRecords(ctx context.Context, user string, limit int) ([]audit.Record, error) {
	return d.Audit.Read(ctx, user, limit)
}

func (d direct) Sources(ctx context.Context) ([]sources.Source, error) {
	var all []sources.Source
	for start := ""; ; {
		some, next, err := d.System.Sources.List(ctx, schedule.MaxPage, start)
		if err != nil {
			return nil, err
		}
		if all, start = append(all, some...), next; start == "" {
			return all, nil
		}
	}
}

func (d direct) Source(ctx context.Context, name string) (sources.Source, error) {
	return d.System.Sources.Get(ctx, name)
}

func (d direct) CheckEntry(ctx context.Context, e schedule.Entry) error {
	return refused(d.System.CheckEntry(ctx, e))
}

func (d direct) PutEntry(ctx context.Context, e schedule.Entry, replace bool) (bool, error) {
	if replace {
		return d.Schedule.Put(ctx, e)
	}
	err := d.Schedule.Add(ctx, e)
	return err == nil, err
}

func (d direct) PauseEntry(ctx context.Context, id string, pause bool) (bool, error) {
	if pause {
		return d.Schedule.Pause(ctx, id)
	}
	return d.Schedule.Resume(ctx, id)
}

func (d direct) RemoveEntry(ctx context.Context, id string) error {
	found, err := d.Schedule.Remove(ctx, id, schedule.OriginAPI)
	if err == nil && !found {
		err = fmt.Errorf("entry %s: %w", id, schedule.ErrNotFound)
	}
	return err
}

func (d direct) RunEntry(ctx context.Context, id string) (tasks.Receipt, error) {
	return d.Schedule.RunNow(ctx, id, d.Ticks)
}
