package celery

import (
	"context"
	"sync"
	"sync/atomic"
	"time"

	"go.uber.org/zap"

	"switchyard/internal/celery/broker"
	"switchyard/internal/celery/mailbox"
	"switchyard/internal/tasks"
)

const (
	// soonest and latest bound the time until a queue is looked at again that has messages for which
	// there is no room.
	soonest = 5 * time.Millisecond
	latest  = 50 * time.Millisecond
	// retryAfter is when messages are brought in again that could not be.
	retryAfter = time.Second
)

// Door is one worker's part of the Celery door. It is run once.
type Door struct {
	Options
	Deps
	sources   []*source
	names     map[string]string // of tasks in Celery, by their kinds
	results   *results
	teller    *teller
	duty      *duty
	watch     *broker.Watch
	events    *mailbox.Events
	node      *mailbox.Node
	slots     map[string]int // of all workers together, while on duty
	onDutyNow atomic.Bool
	resting   bool // all lists were empty when they were last looked at
	behind    bool // messages may be in the intakes that somebody took before

	revokedAt atomic.Int64 // when a client of Celery revoked something last, Unix time in ms

	trouble atomic.Pointer[error] // why messages are not taken in
}

// New returns a door.
func New(o Options, deps Deps) *Door {
	d := &Door{Options: o, Deps: deps, names: map[string]string{}}
	for name, k := range o.Kinds {
		d.names[k.Name] = name
	}
	d.sources = d.newSources()
	d.results = &results{redis: deps.Backend, prefix: o.ResultPrefix, ours: deps.Prefix, expires: o.ResultExpires}
	d.teller = newTeller(d)
	d.events = mailbox.NewEvents(deps.Broker, mailbox.EventOptions{
		Name: o.Node, Version: o.Version, Heartbeat: o.Heartbeat, Tasks: o.Events, Active: func() int { return len(deps.Running()) },
	}, deps.Log)
	d.node = mailbox.NewNode(deps.Broker, desk{d}, o.profile(), d.events, deps.Log)
	d.duty = newDuty(deps.Redis, deps.Prefix, o.Node, o.Slots)
	var lists []string
	for _, s := range d.sources {
		lists = append(lists, s.lists...)
	}
	d.watch = broker.NewWatch(deps.Broker, lists, deps.Log)
	return d
}

// Reply tells Celery's clients what becomes of a task. It does not block.
func (d *Door) Reply(r tasks.Reply) { d.teller.put(r) }

// Check reports why Celery's commands are not heard, or messages not taken in, though this worker is on
// duty.
func (d *Door) Check(ctx context.Context) error {
	if err := d.trouble.Load(); err != nil {
		return *err
	}
	return d.node.Check(ctx)
}

// Run keeps the door open until quiet ends: no more messages are taken then. What becomes of tasks is
// told until ctx ends.
func (d *Door) Run(ctx, quiet context.Context) {
	var parts sync.WaitGroup
	parts.Go(func() { d.teller.run(ctx) })
	parts.Go(func() { d.node.Run(ctx) })
	parts.Go(func() { d.events.Run(ctx) })
	if len(d.sources) > 0 {
		d.serve(quiet)
	}
	parts.Wait()
}

// serve asks for the duty, and does it while it is this worker's.
func (d *Door) serve(ctx context.Context) {
	defer d.duty.leave()
	for ctx.Err() == nil {
		on, slots, err := d.duty.ask(ctx)
		if err == nil && on {
			d.slots = slots
			d.onDuty(ctx)
			continue
		}
		if err != nil && ctx.Err() == nil {
			d.Log.Warn("the duty at the door of Celery cannot be asked for", zap.Error(err))
		}
		_ = tasks.Sleep(ctx, dutyEvery)
	}
}

// onDuty takes messages in, and tells what was left behind, until ctx ends or another has the duty.
func (d *Door) onDuty(ctx context.Context) {
	d.Log.Info("on duty at the door of Celery", zap.Strings("queues", d.Queues))
	d.Metrics.duty.Set(1)
	d.onDutyNow.Store(true)
	defer d.onDutyNow.Store(false)
	defer d.Metrics.duty.Set(0)
	watching, end := context.WithCancel(ctx)
	var parts sync.WaitGroup
	parts.Go(func() { d.watch.Run(watching) })
	parts.Go(func() { d.keepSweeping(watching) })
	defer parts.Wait()
	defer end()
	asked, wait := time.Now(), again
	d.behind, d.resting = true, false
	for ctx.Err() == nil {
		if time.Since(asked) >= dutyEvery {
			on, slots, err := d.duty.ask(ctx)
			switch {
			case err == nil && !on:
				d.Log.Info("another is on duty at the door of Celery")
				return
			case err == nil:
				asked, d.slots = time.Now(), slots
			case time.Since(asked) >= dutyFor:
				return
			}
		}
		if d.pause(ctx, wait, time.Until(asked.Add(dutyEvery))) {
			wait = d.round(ctx, wait)
		}
	}
}

// pause waits until messages are to be taken in: until some come if wait is 0, or else for so long, and in
// no case longer than most. It reports whether it is time to.
func (d *Door) pause(ctx context.Context, wait, most time.Duration) bool {
	changed := d.watch.Changed
	switch {
	case wait == again:
		return true
	case wait > 0:
		changed = nil
	default:
		wait = time.Hour // it is woken
	}
	timer := time.NewTimer(max(0, min(wait, most)))
	defer timer.Stop()
	select {
	case <-changed:
		return true
	case <-timer.C:
		return wait <= most
	case <-ctx.Done():
		return false
	}
}

// again says that a round is followed by the next at once.
const again time.Duration = -1

// round takes messages in once, and returns when to do so again: 0 is when some come.
func (d *Door) round(ctx context.Context, waited time.Duration) time.Duration {
	taken, more, err := d.takeIn(ctx)
	if ctx.Err() != nil {
		return 0
	}
	d.said(err)
	switch {
	case err != nil:
		d.behind = true
		return retryAfter
	case taken > 0:
		return again
	case more: // and there is no room
		return min(max(2*waited, soonest), latest)
	}
	return 0
}

// takeIn brings in what was left behind, or else what there is room for. It returns how many messages
// that were, and whether there are more.
func (d *Door) takeIn(ctx context.Context) (taken int, more bool, err error) {
	if d.behind {
		all, err := d.leftBehind(ctx)
		if err != nil {
			return 0, true, err
		}
		if len(all) > 0 {
			return len(all), true, d.bringIn(ctx, all)
		}
		d.behind = false
	}
	rooms, err := d.rooms(ctx)
	if err != nil {
		return 0, true, err
	}
	all, more, err := d.take(ctx, rooms)
	guessed := d.resting
	d.resting = err == nil && len(all) == 0 && !more
	if err != nil || len(all) == 0 {
		if guessed && more {
			return d.takeIn(ctx) // what there is room for was not asked for
		}
		return 0, more, err
	}
	return len(all), more, d.bringIn(ctx, all)
}

// said notes why messages are not taken in, nil if they are.
func (d *Door) said(err error) {
	if err == nil {
		if d.trouble.Swap(nil) != nil {
			d.Log.Info("messages of Celery are taken in again")
		}
		return
	}
	if d.trouble.Swap(&err) == nil {
		d.Log.Warn("messages of Celery are not taken in: they wait where they are", zap.Error(err))
	}
}

// keepSweeping tells what others have left behind, at once and then at times.
func (d *Door) keepSweeping(ctx context.Context) {
	for ctx.Err() == nil {
		if err := d.sweep(ctx); err != nil && ctx.Err() == nil {
			d.Log.Warn("it is not looked for results that nobody has told: the next look is soon", zap.Error(err))
		}
		_ = tasks.Sleep(ctx, sweepEvery)
	}
}
