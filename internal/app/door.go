package app

import (
	"cmp"
	"context"
	"fmt"
	"slices"

	door "switchyard/internal/celery"
	"switchyard/internal/celery/mailbox"
	"switchyard/internal/celery/survey"
	"switchyard/internal/command"
	"switchyard/internal/config"
	"switchyard/internal/tasks"
)

// overhead is what a message may have beside its arguments, in bytes: its envelope, what follows it.
const overhead = 1 << 20

// newDoor returns the worker's part of the Celery door, nil if there is nobody on the other side.
func (w *Worker) newDoor() (*door.Door, error) {
	s := w.system
	if s.celery == nil {
		return nil, nil
	}
	options, err := s.doorOptions()
	if err != nil {
		return nil, err
	}
	options.Node, options.Slots = mailbox.NewName(), map[string]int{}
	for name, q := range w.queues {
		options.Slots[name] = q.Concurrency
	}
	return door.New(options, door.Deps{
		Redis: s.Redis, Prefix: s.Config.Redis.Prefix, Broker: s.celery.broker, Backend: s.celery.backend,
		Queue: s.Queue, Tasks: s.Queue, Running: w.running, OurQueues: s.Config.QueueNames(), Metrics: door.NewMetrics(s.Metrics), Log: s.Log,
	}), nil
}

// doorOptions says how the application on the other side of the door is configured.
func (s *System) doorOptions() (door.Options, error) {
	c, kinds := s.Config.Celery, map[string]door.Kind{}
	for name, k := range c.Kinds {
		if k.Runtime == config.RuntimePython {
			continue
		}
		route, err := s.Routing.Route(name)
		if err == nil {
			_, err = s.Catalog.Lookup(name)
		}
		if err != nil {
			return door.Options{}, fmt.Errorf("celery.kinds.%s: %w; give runtime: python to what Celery's workers perform", name, err)
		}
		percent, err := k.Percent()
		if err != nil {
			return door.Options{}, err
		}
		task := cmp.Or(k.Task, name)
		kinds[task] = door.Kind{Name: name, Queue: route.Queue, CeleryQueue: queueOf(c, task, k, route.Queue), Args: k.Args, User: k.User, Input: k.Input, Percent: percent}
	}
	return door.Options{
		Queues: c.Queues, DefaultQueue: c.DefaultQueue, Routes: c.Routes, Route: c.Route, PythonSuffix: c.PythonSuffix, Kinds: kinds,
		ResultPrefix: c.ResultPrefix, ResultExpires: c.ResultExpires, ResultExtended: c.ResultExtended, TrackStarted: c.TrackStarted,
		MaxMessage: s.Config.Tasks.MaxPayload + overhead,
		Version:    command.ThisVersion().Release, Events: c.Events, Heartbeat: c.Heartbeat,
	}, nil
}

// queueOf returns the queue of Celery that messages of a kind are sent to: its own, or that of the
// application's route, or of the one here if messages are taken from a queue of that name.
func queueOf(c config.Celery, task string, k config.CeleryKind, ours string) string {
	routed, ok := c.Routed(task)
	switch {
	case k.Queue != "":
		return k.Queue
	case ok:
		return routed
	case slices.Contains(c.Queues, ours):
		return ours
	}
	return c.DefaultQueue
}

// LookAtCelery looks at the broker of Celery, and says what the door makes of what is there. It does so
// also where nothing of Celery is configured yet but where the broker is.
func (s *System) LookAtCelery(ctx context.Context) (survey.Report, error) {
	options, err := s.doorOptions()
	if err != nil {
		return survey.Report{}, err
	}
	c := s.celery
	if c == nil {
		if c, err = s.connectCelery(); err != nil {
			return survey.Report{}, err
		}
		defer func() { _ = c.close() }()
	}
	return survey.Look(ctx, survey.Subject{
		Options: options, Redis: s.Redis, Prefix: s.Config.Redis.Prefix, Broker: c.broker, Backend: c.backend,
		Check: func(kind string, payload []byte) error { _, err := s.Catalog.Check(kind, payload); return err },
	})
}

// running returns what the worker runs of what came through the door.
func (w *Worker) running() []tasks.Reply {
	if lanes := w.consuming.Load(); lanes != nil {
		return lanes.Running()
	}
	return nil
}
