package app

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"go.uber.org/zap"

	"switchyard/internal/cache"
	"switchyard/internal/celery/ticks"
	"switchyard/internal/config"
	"switchyard/internal/control"
	"switchyard/internal/daemon"
	"switchyard/internal/queue"
	"switchyard/internal/queue/lane"
	"switchyard/internal/rights"
	"switchyard/internal/schedule"
	"switchyard/internal/tasks"
)

// RunScheduler is the scheduler daemon, with kinds of a program's own.
func RunScheduler(c config.Config, log *zap.Logger, own ...tasks.Definition) error {
	s, err := Open(c, log, own...)
	if err != nil {
		return err
	}
	s.serveAs(rights.Scheduler)
	s.exportProcess("scheduler")
	s.exportDeployment()
	scheduler := NewScheduler(s)
	this := listed{roles: []string{roleScheduler}, ready: daemon.NewReadiness(append(s.checks(), scheduler.Checks()...)), file: scheduler.file.Load}
	return s.runWithEndpoint(c.Scheduler.Listen, this, scheduler.Run)
}

// Scheduler enqueues the tasks of due entries, and keeps queues in order that no worker serves.
type Scheduler struct {
	system *System
	engine *schedule.Engine
	ears   *cache.Listener
	care   *lane.Caretaker
	file   atomic.Pointer[configured] // nil until it is in the schedule
}

// NewScheduler returns a scheduler of a system, at most one of each.
func NewScheduler(s *System) *Scheduler {
	return &Scheduler{
		system: s, engine: s.engine(), ears: cache.NewPatternListener(s.Redis, "agent:"+string(control.Resume)+":*"),
		care: lane.NewCaretaker(s.Redis, s.turns(), s.Metrics, s.Log),
	}
}

// Checks are the readiness of the scheduler: its rounds go on, what it writes can be written, a resume is
// heard, queues are looked after, and Celery takes what its workers perform.
func (c *Scheduler) Checks() []daemon.Check {
	writes := c.system.checkWrites(c.system.Config.QueueNames(), c.system.Schedule.Keys(probe))
	checks := []daemon.Check{{Name: "rounds", Test: c.engine.Check}, writes, {Name: "resumes", Test: c.ears.Check}, {Name: "care", Test: c.care.Check}}
	if sender := c.system.celery.sender(); sender != nil {
		checks = append(checks, daemon.Check{Name: "celery", Test: sender.Check})
	}
	return checks
}

// stopGrace is how long a scheduler has to hand back what it claimed once it is to stop. It
// is longer than the write that does so may take.
const stopGrace = 10 * time.Second

// Run brings the configured entries into the schedule and enqueues what is due until stop
// is quiet.
func (c *Scheduler) Run(stop daemon.Stop) error { return endInTime(stop, c.run) }

// endInTime returns what run returns. If run has not ended a while after it was to stop, it is
// left behind: what it claimed lapses, and a process that cannot be stopped helps nobody.
func endInTime(stop daemon.Stop, run func(daemon.Stop) error) error {
	ended := make(chan error, 1)
	go func() { ended <- run(stop) }()
	select {
	case err := <-ended:
		return err
	case <-stop.Quiet.Done():
	}
	timer := time.NewTimer(stopGrace)
	defer timer.Stop()
	select {
	case err := <-ended:
		return err
	case <-timer.C:
		return fmt.Errorf("the schedule did not stop within %s: what it was busy with is left to other schedulers", stopGrace)
	}
}

func (c *Scheduler) run(stop daemon.Stop) error {
	s := c.system
	if err := s.awaitRedis(stop.Quiet); err != nil {
		return orStopped(stop, err)
	}
	queues := s.Config.QueueNames()
	if err := s.Queues.Claim(stop.Quiet, queues...); err != nil {
		return orStopped(stop, err)
	}
	file, err := s.configured(stop.Quiet)
	if err != nil {
		return err
	}
	if err := file.sync(stop.Quiet); err != nil {
		return orStopped(stop, err)
	}
	c.file.Store(file)
	var releasing sync.WaitGroup
	defer releasing.Wait()
	releasing.Go(func() {
		schedule.NewReleaser(s.Schedule, s.Brake, control.NewReleases(c.ears), s.Log).Run(stop.Quiet)
	})
	releasing.Go(func() { s.Queues.Keep(stop.Quiet, queues...) })
	releasing.Go(func() { s.sample(stop.Quiet) })
	releasing.Go(func() { c.care.Run(stop.Quiet) })
	releasing.Go(func() { file.watch(stop.Quiet) })
	c.engine.Run(stop.Quiet)
	return nil
}

// CheckEntry reports everything that keeps an entry from being enqueued, such as that its kind
// is unknown, its payload is not valid for the kind, or its queue is unknown.
func (s *System) CheckEntry(ctx context.Context, e schedule.Entry) error {
	err := e.Validate(ctx)
	if tasks.CheckKind(e.Kind) != nil {
		return err
	}
	if refused := s.Ticks.Check(e.Kind, e.Payload, e.Queue); refused != nil {
		err = errors.Join(err, fmt.Errorf("entry %s: %w", e.ID, refused))
	}
	return err
}

func (s *System) engine() *schedule.Engine {
	mirror := queue.NewMirror(s.Redis)
	return schedule.NewEngine(s.Schedule, notedQueue{s.Ticks, mirror}, schedule.Options{
		Batch:      s.Config.Scheduler.Batch,
		ClaimLease: s.Config.Scheduler.ClaimLease,
		Logger:     s.Log,
		Observer:   newTickMetrics(s.Metrics, append(s.Catalog.Names(), slices.Collect(maps.Keys(s.Config.Celery.Performs()))...)),
		Mirror:     asynqmonMirror{mirror},
		Brake:      s.Brake,
	})
}

// asynqmonMirror shows the schedule on asynqmon's Schedulers page.
type asynqmonMirror struct{ mirror *queue.Mirror }

// MirrorSchedule implements [schedule.Mirror].
func (m asynqmonMirror) MirrorSchedule(ctx context.Context, upcoming []schedule.Upcoming) error {
	entries := make([]queue.PeriodicEntry, len(upcoming))
	for i, u := range upcoming {
		entries[i] = queue.PeriodicEntry{ID: u.ID, Spec: u.Spec, Kind: u.Kind, Payload: u.Payload, Next: u.Next, Prev: u.Prev, PrevTask: u.PrevTask}
		if len(u.Payload) == 0 {
			entries[i].Payload = []byte("{}")
		}
		if u.Zone != "" {
			entries[i].Spec = "CRON_TZ=" + u.Zone + " " + u.Spec
		}
		if u.Queue != "" {
			entries[i].Options = []string{fmt.Sprintf("Queue(%q)", u.Queue)}
		}
	}
	return m.mirror.Show(ctx, entries)
}

// notedQueue is the queue, of whose ticks the mirror takes note.
type notedQueue struct {
	*ticks.Queue
	mirror *queue.Mirror
}

// EnqueueTicks implements [schedule.Queue].
func (q notedQueue) EnqueueTicks(ctx context.Context, ticks []tasks.Tick, until time.Time) []tasks.Added {
	results := q.Queue.EnqueueTicks(ctx, ticks, until)
	q.mirror.Note(ticks, results)
	return results
}
